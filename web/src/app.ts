/** The page: its state, what visitors do to it, and when it is drawn anew. */

import { render } from "lit-html";
import example from "../../examples/rainy.jpg?url";
import { Clips, isClip } from "./clips";
import { Desk } from "./desk";
import { MODEL } from "./engine/card";
import { LocalEngine } from "./engine/local";
import { findServer, unlock } from "./engine/server";
import { readFacts } from "./files/facts";
import { currentLanguage, keepLanguage, wordsOf, type Language, type Words } from "./i18n";
import { isOfTheServer, problemOf, toldOf } from "./problems";
import { Queue } from "./queue";
import { saveAll, saveOne } from "./saving";
import type { Stage } from "./stage/stage";
import type { View } from "./stage/compose";
import type { EngineName, Item, Say, State } from "./state";
import { Thumbnails } from "./thumbnails";
import { page } from "./views/page";

export class App {
  readonly state: State = {
    language: currentLanguage(),
    items: [],
    clips: [],
    selected: undefined,
    running: undefined,
    view: "clean",
    engine: "browser",
    server: undefined,
    locked: false,
    model: MODEL.name,
    format: undefined,
    quality: 92,
    saving: false,
    dragging: false,
    message: undefined,
    announcement: undefined,
  };
  /** Given by the view when it is there. */
  stage: Stage | undefined;
  readonly localModel = MODEL.name;
  readonly exampleUrl = example;
  private readonly desk = new Desk(this.state);
  private readonly engine = new LocalEngine(MODEL);
  private readonly queue = new Queue(
    this.state,
    this.desk,
    this.engine,
    () => {
      this.update();
    },
    (item) => {
      if (item === this.state.selected) void this.show(item);
      if (item.phase === "running") void this.thumbnails.draw(item);
    },
  );
  private readonly thumbnails = new Thumbnails(this.state, this.desk, () => {
    this.update();
  });
  readonly clips = new Clips(this.state, () => {
    this.update();
  });
  private awaited = false;
  private nextId = 1;

  constructor(private readonly root: HTMLElement) {}

  get words(): Words {
    return wordsOf(this.state.language);
  }

  async start(): Promise<void> {
    this.update();
    await this.connect();
    if (!this.state.server) this.engine.warm();
    this.update();
  }

  /** Shows the server its token, and has it do the work from then on, or what it had refused. */
  async unlock(token: string): Promise<void> {
    this.state.message = undefined;
    try {
      const [taken, before] = [await unlock(token), this.state.server];
      if (taken) await this.connect();
      const open = this.state.server && !this.state.locked;
      if (!open) this.tell((words) => (taken ? words.noCookie : words.tokenRefused));
      else if (before) {
        this.redo(this.state.items.filter(({ phase }) => phase === "failed"));
        this.showSelected(); // a result that could not be shown is not done again
      } else this.redoAll();
    } catch (error) {
      this.tell(problemOf(error));
    }
    this.update();
  }

  /** The server becomes the engine where there is one that takes orders. */
  private async connect(): Promise<void> {
    const found = await findServer();
    this.state.locked = found === "locked";
    if (found === undefined || found === "locked") return;
    if (!this.state.server) Object.assign(this.state, { engine: "server", model: found.default });
    this.state.server = found;
    if (found.clips) this.clips.recall();
  }

  /** Draws the page anew with the next frame. */
  update(): void {
    if (this.awaited) return;
    this.awaited = true;
    requestAnimationFrame(() => {
      this.awaited = false;
      document.documentElement.lang = this.state.language;
      document.title = this.words.title;
      render(page(this), this.root);
    });
  }

  async add(files: Iterable<File>): Promise<void> {
    this.state.message = undefined;
    for (const file of files) {
      if (isClip(file)) {
        this.addClip(file);
        continue;
      }
      const facts = await readFacts(file);
      const known = file.type.startsWith("image/") || this.state.engine === "server";
      if (!facts || (!facts.suffix && !known)) {
        this.state.message = (words) => `${file.name}: ${words.noPictures}`;
        continue;
      }
      const item: Item = {
        id: this.nextId++,
        file,
        facts,
        phase: "waiting",
        notes: "",
        strength: 1,
      };
      const limit = this.state.engine === "server" ? this.state.server?.limits.bytes : undefined;
      if (limit && file.size > limit) {
        item.phase = "failed";
        item.problem = (words) => words.tooManyBytes(String(Math.floor(limit / 1e6)));
      }
      this.state.items.push(item);
      if (!this.state.selected) this.select(item);
      void this.thumbnails.draw(item, file);
      void this.queue.work();
    }
    this.update();
  }

  /** The browser cannot derain clips, and says so; so does a server that takes none. */
  private addClip(file: File): void {
    const { engine, server } = this.state;
    const limit = server?.limits.clip_bytes ?? 0;
    if (engine !== "server" || !server?.clips) {
      this.tell((words) => `${file.name}: ${words.noClips}`);
    } else if (file.size > limit) {
      this.tell((words) => `${file.name}: ${words.tooManyBytes(String(Math.floor(limit / 1e6)))}`);
    } else {
      this.clips.add(file);
    }
  }

  async addExample(): Promise<void> {
    let picture: Blob;
    try {
      const answer = await fetch(example);
      if (!answer.ok) throw new Error(answer.statusText);
      picture = await answer.blob();
    } catch {
      this.tell((words) => words.noExample);
      this.update();
      return;
    }
    await this.add([new File([picture], "rainy.jpg", { type: "image/jpeg" })]);
  }

  select(item: Item): void {
    this.state.selected = item;
    this.stage?.show(undefined, this.state.view, 1);
    this.desk.tidy();
    void this.show(item);
    this.update();
  }

  remove(item: Item): void {
    const { items } = this.state;
    const index = items.indexOf(item);
    items.splice(index, 1);
    if (this.state.running?.item === item) this.queue.cancel();
    this.thumbnails.remove(item);
    if (item !== this.state.selected) {
      this.desk.tidy();
      this.update();
      return;
    }
    const next = items.at(Math.min(index, items.length - 1));
    this.state.selected = undefined;
    this.stage?.show(undefined, this.state.view, 1);
    if (next) this.select(next);
    else this.update();
  }

  cancel(): void {
    this.queue.cancel();
  }

  again(item: Item): void {
    item.phase = "waiting";
    void this.queue.work();
    this.update();
  }

  chooseEngine(engine: EngineName): void {
    this.state.engine = engine;
    if (engine === "browser") this.engine.warm();
    this.redoAll();
  }

  chooseModel(model: string): void {
    this.state.model = model;
    this.redoAll();
  }

  setStrength(item: Item, strength: number): void {
    item.strength = strength;
    void this.show(item);
    this.update();
  }

  setView(view: View): void {
    this.state.view = view;
    this.showSelected();
    this.update();
  }

  setLanguage(language: Language): void {
    this.state.language = language;
    keepLanguage(language);
    this.update();
  }

  save(item: Item): Promise<void> {
    return this.saving(() => saveOne(this.state, this.desk, item));
  }

  saveAll(): Promise<void> {
    return this.saving(() => saveAll(this.state, this.desk));
  }

  private async saving(save: () => Promise<void>): Promise<void> {
    Object.assign(this.state, { saving: true, message: undefined });
    this.update();
    try {
      await save();
    } catch (error) {
      this.tell(toldOf(error, this.state));
    }
    this.state.saving = false;
    this.update();
  }

  private tell(message: Say): void {
    Object.assign(this.state, { message, announcement: message });
  }

  /** All pictures again, since engine or model is another one. */
  private redoAll(): void {
    this.queue.cancel("waiting");
    this.redo(this.state.items);
  }

  private redo(items: readonly Item[]): void {
    for (const item of items) item.phase = "waiting";
    void this.queue.work();
    this.update();
  }

  private showSelected(): void {
    if (this.state.selected) void this.show(this.state.selected);
  }

  private async show(item: Item): Promise<void> {
    try {
      const sheet = await this.desk.sheet(item);
      if (item === this.state.selected) this.stage?.show(sheet, this.state.view, item.strength);
    } catch (error) {
      const problem = toldOf(error, this.state);
      if (!item.result && !isOfTheServer(error)) {
        Object.assign(item, { phase: "failed", problem });
      } else if (item.phase !== "running" && item.phase !== "failed") {
        // Those two have their own words for it.
        this.tell((words) => `${item.file.name}: ${problem(words)}`);
      }
      this.update();
    }
  }
}
