// Holds what cannot be shown: a schema that the form does not understand leaves the input as JSON.

import { Component, type ReactNode } from "react";
import styles from "./input-form.module.css";

interface Props {
  children: ReactNode;
  instead: ReactNode;
}

export class Faulty extends Component<Props, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <>
        <p className={styles.note}>This schema cannot be shown as a form. Write the input as JSON.</p>
        {this.props.instead}
      </>
    );
  }
}
