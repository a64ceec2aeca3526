// The ways to give a file, while there is none.

import { Camera as CameraIcon, Link2, Upload } from "lucide-react";
import { useRef, useState } from "react";
import { Button } from "@/ui/button";
import { Address } from "./address";
import { Camera, hasCamera } from "./camera";
import styles from "./file.module.css";
import { useIncoming } from "./incoming";

interface Props {
  types: string[];
  disabled: boolean;
  take: (file: File) => void;
  address: (link: string) => void;
}

export function Offer({ types, disabled, take, address }: Props) {
  const zone = useRef<HTMLDivElement>(null);
  const [asking, setAsking] = useState<"address" | "camera" | null>(null);
  const over = useIncoming(zone, disabled, take);
  const pictures = types.length === 0 || types.some((type) => /^(image\/|\*)/.test(type));
  return (
    <div ref={zone} className={styles.zone} data-over={over || undefined}>
      <p className={styles.words}>Drop a file here, or paste it</p>
      <div className={styles.ways}>
        <Choose accept={types} disabled={disabled} take={take}>
          <Upload size={14} aria-hidden />
          Choose a file
        </Choose>
        {pictures && <Picture disabled={disabled} take={take} open={() => setAsking("camera")} />}
        <Button
          disabled={disabled}
          aria-expanded={asking === "address"}
          onClick={() => setAsking(asking === "address" ? null : "address")}
        >
          <Link2 size={14} aria-hidden />
          Address
        </Button>
      </div>
      {asking === "address" && <Address disabled={disabled} done={address} />}
      <Camera open={asking === "camera"} onClose={() => setAsking(null)} onTaken={take} />
    </div>
  );
}

function Picture({
  disabled,
  take,
  open,
}: {
  disabled: boolean;
  take: (file: File) => void;
  open: () => void;
}) {
  const content = (
    <>
      <CameraIcon size={14} aria-hidden />
      Camera
    </>
  );
  if (hasCamera()) {
    return (
      <Button disabled={disabled} onClick={open}>
        {content}
      </Button>
    );
  }
  if (!matchMedia("(pointer: coarse)").matches) return null;
  return (
    <Choose accept={["image/*"]} capture disabled={disabled} take={take}>
      {content}
    </Choose>
  );
}

interface ChooseProps {
  accept: string[];
  capture?: boolean;
  disabled: boolean;
  take: (file: File) => void;
  children: React.ReactNode;
}

export function Choose({ accept, capture = false, disabled, take, children }: ChooseProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button disabled={disabled} onClick={() => input.current?.click()}>
        {children}
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        tabIndex={-1}
        accept={accept.join(",") || undefined}
        capture={capture ? "environment" : undefined}
        onChange={(event) => {
          const file = event.target.files?.[0];
          event.target.value = "";
          if (file !== undefined) take(file);
        }}
      />
    </>
  );
}
