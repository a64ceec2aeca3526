// Which addresses of untrusted origin may be followed, and which may be shown as pictures.

/** The address, where it is an absolute one of the web; else null. */
export function webAddress(address: string | null | undefined): string | null {
  if (address == null || !/^https?:\/\//i.test(address)) return null;
  return URL.canParse(address) ? new URL(address).href : null;
}

/** The address, where it is a picture of this server's files or one that is in the address itself; else null. */
export function safePicture(address: string | undefined): string | null {
  if (address === undefined) return null;
  if (/^data:image\/[\w.+-]+[;,]/i.test(address)) return address;
  if (!URL.canParse(address, window.location.origin)) return null;
  const url = new URL(address, window.location.origin);
  return url.origin === window.location.origin && url.pathname.startsWith("/v1/files/") ? url.href : null;
}
