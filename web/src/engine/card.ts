/** The model that runs in the browser: the shipped file and what its card says about it. */

import {
  bytes_per_pixel,
  halo,
  mmac_per_pixel,
  name,
  sha256,
  size_multiple,
} from "../../../src/derain/zoo/models/fast.json";
import url from "../../../src/derain/zoo/models/fast.onnx?url";

/** What cutting a picture into tiles has to know of a model. */
export interface Card {
  /** Sides of what the network takes are multiples of this, and tiles begin on its grid. */
  readonly sizeMultiple: number;
  /** Pixels of context around a tile. */
  readonly halo: number;
  /** Memory of a run for each pixel of a tile and its halo. */
  readonly bytesPerPixel: number;
}

export interface Model extends Card {
  readonly name: string;
  readonly url: string;
  readonly sha256: string;
  /** Millions of multiplications for each pixel. */
  readonly cost: number;
}

export const MODEL: Model = {
  name,
  url,
  sha256: sha256["fast.onnx"],
  cost: mmac_per_pixel,
  sizeMultiple: size_multiple,
  halo,
  bytesPerPixel: bytes_per_pixel,
};
