/** Runs the network in a thread of its own; ended and started anew to cancel. */

import type * as Ort from "onnxruntime-web/wasm";
import { restore } from "./looks";
import type { FromWorker, Order, Setup, ToWorker } from "./messages";
import type { Network } from "./walk";

declare const self: DedicatedWorkerGlobalScope;

interface Opened {
  readonly setup: Setup;
  readonly network: Network;
}

let opened: Promise<Opened> | undefined;

self.onmessage = (event: MessageEvent<ToWorker>) => {
  handle(event.data).catch((error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    // What the runtime says when its heap cannot grow; a bare number is an exception of C++.
    const memory = /alloc|memory|out of bounds|^\d+$/i.test(message) || error instanceof RangeError;
    tell({ kind: "failed", message, memory });
  });
};

async function handle(data: ToWorker): Promise<void> {
  if (data.kind === "open") opened = open(data);
  else if (opened) await run(data, await opened);
}

async function open(setup: Setup): Promise<Opened> {
  // A file of its own, since it starts itself again in each of its threads.
  const ort = (await import(/* @vite-ignore */ setup.runtime)) as typeof Ort;
  ort.env.wasm.wasmPaths = { wasm: setup.binary };
  ort.env.wasm.numThreads = setup.threads;
  const session = await ort.InferenceSession.create(setup.model, {
    executionProviders: ["wasm"],
    enableMemPattern: false, // tiles differ in size
  });
  const network: Network = async (rainy, height, width) => {
    const input = new ort.Tensor("float32", rainy, [1, 3, height, width]);
    const results = await session.run({ rainy: input });
    const [rain, change] = [results.rain, results.detail].map(
      (layer) => layer.data as Float32Array,
    );
    for (let i = 0; i < change.length; i++) change[i] -= rain[i];
    return change;
  };
  return { setup, network };
}

async function run({ picture, budget }: Order, { setup, network }: Opened): Promise<void> {
  const bands = restore(picture, network, setup.card, budget, (step) => {
    tell({ kind: "step", ...step });
  });
  for await (const band of bands) tell({ kind: "band", ...band }, [band.pixels.buffer]);
  tell({ kind: "done" });
}

function tell(message: FromWorker, transfer: Transferable[] = []): void {
  self.postMessage(message, transfer);
}
