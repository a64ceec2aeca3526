// One upload at a time for a field: begun, told of, stopped. The form cannot be sent before it has ended.

import { useEffect, useRef, useState } from "react";
import type { Value } from "../json";
import { useWaiting } from "../waiting";
import { remember } from "./known";
import { upload } from "./upload";

type State =
  | { at: "rest" }
  | { at: "sending"; name: string; share: number }
  | { at: "failed"; error: unknown };

export function useUpload(change: (to: Value) => void) {
  const [state, setState] = useState<State>({ at: "rest" });
  const running = useRef<AbortController | null>(null);
  const latest = useRef(change);
  latest.current = change;
  useWaiting(state.at === "sending");
  useEffect(() => () => running.current?.abort(), []);
  const start = async (file: File) => {
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    setState({ at: "sending", name: file.name, share: 0 });
    const progress = (share: number) => setState({ at: "sending", name: file.name, share });
    try {
      const link = await upload(file, progress, controller.signal);
      remember(link, file);
      latest.current(link);
      setState({ at: "rest" });
    } catch (error) {
      if (!controller.signal.aborted) setState({ at: "failed", error });
    }
  };
  const stop = () => {
    running.current?.abort();
    setState({ at: "rest" });
  };
  return { state, start: (file: File) => void start(file), stop };
}
