/** The pictures that are open: what is shown and what is in work, no others, since each is large. */

import { derain } from "./engine/server";
import { Sheet, TooLarge } from "./files/sheet";
import type { Item, State } from "./state";

export class Desk {
  private readonly open = new Map<Item, Promise<Sheet>>();
  private readonly tooLarge = new WeakMap<Item, TooLarge>();

  constructor(private readonly state: State) {}

  /**
   * The open picture of an item, with its result if it has one.
   *
   * @throws TooLarge, at once for one that has failed by it and is only looked at.
   */
  sheet(item: Item): Promise<Sheet> {
    const known = item.phase === "failed" && this.tooLarge.get(item);
    if (known) return Promise.reject(known);
    let sheet = this.open.get(item);
    if (!sheet) {
      sheet = this.read(item);
      this.open.set(item, sheet);
      sheet.then(
        () => this.tooLarge.delete(item),
        (error: unknown) => {
          this.open.delete(item); // to be tried again
          if (error instanceof TooLarge) this.tooLarge.set(item, error);
        },
      );
    }
    return sheet;
  }

  /** Closes all pictures but those that are shown or in work. */
  tidy(): void {
    const { selected, running } = this.state;
    for (const [item, sheet] of this.open) {
      if (item === selected || item === running?.item) continue;
      this.open.delete(item);
      sheet.then(
        (it) => {
          it.close();
        },
        () => undefined,
      );
    }
  }

  private async read(item: Item): Promise<Sheet> {
    const sheet = await this.decode(item);
    try {
      if (item.result) await sheet.fill(item.result);
      return sheet;
    } catch (error) {
      sheet.close();
      throw error;
    }
  }

  private async decode(item: Item): Promise<Sheet> {
    try {
      return await Sheet.open(item.file);
    } catch (error) {
      const undecoded = error instanceof DOMException;
      if (!undecoded || this.state.engine !== "server") throw error;
      // Formats that only the server reads: at no strength it gives the picture as it is.
      const wish = { model: this.state.model, strength: 0, format: "png" };
      return Sheet.open((await derain(item.file, wish)).picture);
    }
  }
}
