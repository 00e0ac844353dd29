/** What the page and the worker tell each other. */

import type { Card } from "./card";
import type { Picture } from "./pixels";
import type { Band } from "./looks";
import type { Step } from "./walk";

/** Where the worker finds its engine and its network. */
export interface Setup {
  readonly kind: "open";
  /** ONNX Runtime's module and its WebAssembly. */
  readonly runtime: string;
  readonly binary: string;
  readonly model: string;
  readonly card: Card;
  readonly threads: number;
}

/** A picture to restore with at most `budget` bytes for a run of the network. */
export interface Order {
  readonly kind: "restore";
  readonly picture: Picture;
  readonly budget: number;
}

export type ToWorker = Setup | Order;

export type FromWorker =
  | ({ readonly kind: "step" } & Step)
  | ({ readonly kind: "band" } & Band)
  | { readonly kind: "done" }
  /** `memory`: smaller tiles may help. */
  | { readonly kind: "failed"; readonly message: string; readonly memory: boolean };
