/** All that the page shows is a function of this. */

import type { ServerInfo } from "./engine/server";
import type { Facts } from "./files/facts";
import type { Language, Words } from "./i18n";
import type { View } from "./stage/compose";

export type Phase = "waiting" | "running" | "done" | "stopped" | "failed";

/** Something to tell, in the language of the moment. */
export type Say = (words: Words) => string;

/** A picture in the list. */
export interface Item {
  readonly id: number;
  readonly file: File;
  readonly facts: Facts;
  phase: Phase;
  /** Why it failed. */
  problem?: Say;
  /** Address of a small picture. */
  thumbnail?: string;
  /** The restored picture at full strength, as a PNG. */
  result?: Blob;
  /** How long that took. */
  seconds?: number;
  /** What the server could not keep of it. */
  notes: string;
  /** 0..1 */
  strength: number;
}

/** A clip that the server derains. */
export interface Clip {
  readonly id: number;
  readonly name: string;
  phase: "sending" | "waiting" | "working" | "done" | "failed" | "cancelled";
  /** Of sending, then of the work, 0..1; undefined where nobody knows. */
  fraction?: number | undefined;
  secondsLeft?: number | undefined;
  /** Names it to the server. */
  job?: string;
  /** Address of the result. */
  result?: string;
  /** In the server's words: what is missing, what was not kept. */
  told?: string;
  /** Why it failed. */
  problem?: Say;
}

export type EngineName = "browser" | "server";

export interface Running {
  readonly item: Item;
  readonly stage: "starting" | "preview" | "whole" | "server";
  /** What is seen is a preview where the whole is not done. */
  readonly previewed: boolean;
  readonly tile: number;
  readonly tiles: number;
  /** 0..1; undefined where nobody knows. */
  readonly fraction: number | undefined;
  readonly secondsLeft: number | undefined;
}

export interface State {
  language: Language;
  items: Item[];
  clips: Clip[];
  selected: Item | undefined;
  running: Running | undefined;
  view: View;
  engine: EngineName;
  server: ServerInfo | undefined;
  /** Whether there is a server that wants a token first. */
  locked: boolean;
  /** Of the server. */
  model: string;
  /** Suffix; undefined for each picture's own. */
  format: string | undefined;
  /** 1..100 */
  quality: number;
  saving: boolean;
  dragging: boolean;
  /** Shown until the next action. */
  message: Say | undefined;
  /** Read out by screen readers. */
  announcement: Say | undefined;
}
