// Something that may fail to be shown, and what is shown instead, so that the rest of the page stays.

import { Component, type ReactNode } from "react";

interface Props {
  children: ReactNode;
  instead: ReactNode;
}

export class OrElse extends Component<Props, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    return this.state.failed ? this.props.instead : this.props.children;
  }
}
