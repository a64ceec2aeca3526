// Source text as coloured pieces, by Shiki: four languages, a regular-expression engine without WebAssembly, and one
// theme whose colours are the custom properties of tokens.css. Loaded when the first code is shown.

import { createCssVariablesTheme, createHighlighterCore } from "@shikijs/core";
import { createJavaScriptRegexEngine } from "@shikijs/engine-javascript";

export type Language = "python" | "javascript" | "shell" | "json";

export interface Piece {
  text: string;
  colour: string | undefined;
}

/** Gives the pieces of a text, line by line. */
export type Highlighter = (text: string, language: Language) => Piece[][];

const THEME = createCssVariablesTheme({ name: "augury", variablePrefix: "--code-", fontStyle: false });

export async function highlighter(): Promise<Highlighter> {
  const shiki = await createHighlighterCore({
    themes: [THEME],
    langs: [
      import("@shikijs/langs/python"),
      import("@shikijs/langs/javascript"),
      import("@shikijs/langs/shellscript"),
      import("@shikijs/langs/json"),
    ],
    engine: createJavaScriptRegexEngine({ forgiving: true }),
  });
  return (text, language) =>
    shiki
      .codeToTokensBase(text, { lang: language, theme: "augury" })
      .map((line) => line.map((token) => ({ text: token.content, colour: token.color })));
}
