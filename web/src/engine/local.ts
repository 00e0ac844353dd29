/** This browser as the engine: the page's side of the worker. */

import runtime from "onnxruntime-web/wasm?url";
import binary from "../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm?url";
import type { Model } from "./card";
import type { FromWorker, ToWorker } from "./messages";
import type { Picture } from "./pixels";
import type { Band } from "./looks";
import type { Step } from "./walk";

const MIB = 2 ** 20;
const LEAST = 64 * MIB;
const MOST_THREADS = 4; // more wait for each other, and a phone gets hot

export interface Listener {
  /** From the top again, in smaller tiles. */
  restart(): void;
  step(step: Step): void;
  band(band: Band): void;
}

/** Not even the smallest tiles fit into memory. */
export class OutOfMemory extends Error {}

export class LocalEngine {
  /** Bytes for a run of the network; halved when that turns out to be too much. */
  budget = defaultBudget();
  readonly threads = crossOriginIsolated
    ? Math.max(1, Math.min(MOST_THREADS, Math.floor(navigator.hardwareConcurrency / 2)))
    : 1;
  private worker: Worker | undefined;

  constructor(readonly model: Model) {}

  /** Loads engine and network ahead of the first picture. */
  warm(): void {
    this.worker ??= this.start();
  }

  /**
   * Restores a picture, band after band; from its top again when memory was short.
   *
   * @param read - Gives its pixels, which are handed over.
   * @throws OutOfMemory
   */
  async restore(read: () => Picture, listener: Listener, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      try {
        await this.run(read(), listener, signal);
        return;
      } catch (error) {
        if (!(error instanceof OutOfMemory) || this.budget <= LEAST) throw error;
        this.budget /= 2;
        listener.restart();
      }
    }
  }

  private run(picture: Picture, listener: Listener, signal: AbortSignal): Promise<void> {
    const worker = (this.worker ??= this.start());
    return new Promise<void>((resolve, reject) => {
      const fail = (reason: Error): void => {
        worker.terminate(); // what it holds is lost with it, memory above all
        this.worker = undefined;
        reject(reason);
      };
      const cancel = (): void => {
        fail(signal.reason as Error);
      };
      signal.addEventListener("abort", cancel);
      worker.onerror = (event) => {
        fail(new Error(event.message || "the worker did not load"));
      };
      worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
        if (data.kind === "step") listener.step(data);
        else if (data.kind === "band") listener.band(data);
        else if (data.kind === "failed") {
          fail(data.memory ? new OutOfMemory(data.message) : new Error(data.message));
        } else {
          signal.removeEventListener("abort", cancel);
          resolve();
        }
      };
      post(worker, { kind: "restore", picture, budget: this.budget }, [picture.pixels.buffer]);
    });
  }

  private start(): Worker {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    // Nobody waits for it yet: the first picture makes another one, and is told when that fails.
    worker.onerror = () => {
      if (this.worker === worker) this.worker = undefined;
    };
    const { url, sizeMultiple, halo, bytesPerPixel } = this.model;
    post(worker, {
      kind: "open",
      runtime: absolute(runtime),
      binary: absolute(binary),
      model: absolute(url),
      card: { sizeMultiple, halo, bytesPerPixel },
      threads: this.threads,
    });
    return worker;
  }
}

function post(worker: Worker, message: ToWorker, transfer: Transferable[] = []): void {
  worker.postMessage(message, transfer);
}

const absolute = (url: string): string => new URL(url, document.baseURI).href;

/** An eighth of the machine's memory where the browser tells it (8 GiB at most), or 512 MiB. */
function defaultBudget(): number {
  const gibibytes = (navigator as { deviceMemory?: number }).deviceMemory ?? 4;
  return Math.max(LEAST, Math.min(gibibytes, 8) * 128 * MIB);
}
