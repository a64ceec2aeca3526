// A picture from the camera: what it sees, and a button that keeps one.

import { useEffect, useRef, useState } from "react";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import styles from "./file.module.css";

interface Props {
  open: boolean;
  onClose: () => void;
  onTaken: (picture: File) => void;
}

/** Whether there is a camera to ask for: browsers have none on pages that came over plain HTTP from elsewhere. */
export function hasCamera(): boolean {
  return typeof navigator.mediaDevices?.getUserMedia === "function";
}

export function Camera({ open, onClose, onTaken }: Props) {
  const video = useRef<HTMLVideoElement>(null);
  const { problem, ready } = useCamera(video, open);
  const take = async () => {
    const picture = video.current === null ? null : await pictureOf(video.current);
    if (picture !== null) onTaken(picture);
    onClose();
  };
  return (
    <Dialog
      title="Take a picture"
      open={open}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" disabled={!ready} onClick={() => void take()}>
            Take it
          </Button>
        </>
      }
    >
      {problem === null ? (
        <video
          ref={video}
          className={styles.viewfinder}
          autoPlay
          muted
          playsInline
          aria-label="What the camera sees"
        />
      ) : (
        <p role="alert">{problem}</p>
      )}
    </Dialog>
  );
}

function useCamera(video: React.RefObject<HTMLVideoElement | null>, open: boolean) {
  const [problem, setProblem] = useState<string | null>(null);
  const [ready, setReady] = useState(false);
  useEffect(() => {
    if (!open) return;
    let stream: MediaStream | null = null;
    let closed = false;
    setProblem(null);
    const begin = async () => {
      try {
        stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
        if (closed) stop(stream);
        else if (video.current !== null) {
          video.current.srcObject = stream;
          await video.current.play();
          setReady(true);
        }
      } catch (error) {
        if (!closed) setProblem(refused(error));
      }
    };
    void begin();
    return () => {
      closed = true;
      setReady(false);
      if (stream !== null) stop(stream);
    };
  }, [open, video]);
  return { problem, ready };
}

function stop(stream: MediaStream) {
  for (const track of stream.getTracks()) track.stop();
}

function refused(error: unknown): string {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError")
    return "The browser may not use the camera here. Allow it for this page, and try again.";
  if (name === "NotFoundError") return "There is no camera. Choose a file instead.";
  return `The camera does not start. Choose a file instead. (${error instanceof Error ? error.message : name})`;
}

async function pictureOf(video: HTMLVideoElement): Promise<File | null> {
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d")?.drawImage(video, 0, 0);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.92));
  return blob === null ? null : new File([blob], "camera.jpg", { type: "image/jpeg" });
}
