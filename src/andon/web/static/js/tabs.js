// Tabs of the SQL page. Each text lies in the browser's storage as it is typed; two windows never write the same one.

const FRESH = { id: "", text: "", name: null };

export class Tabs {
  #prefix;
  #channel;
  #lost;

  /**
   * @param {string} place of which project
   * @param {(id: string) => void} lost told when the current tab is another window's: one goes on in a copy
   */
  constructor(place, lost) {
    this.#prefix = `andon.sql.${place}.`;
    this.#lost = lost;
    this.#channel = new BroadcastChannel(this.#prefix);
    this.#channel.onmessage = ({ data }) => this.#heard(data);
    this.window = crypto.getRandomValues(new Uint32Array(2)).join("");
    this.ids = this.#read("tabs") ?? [];
    const known = sessionStorage.getItem(`${this.#prefix}current`);
    this.current = this.ids.includes(known) ? known : (this.ids.at(-1) ?? null);
  }

  close() {
    this.#channel.close();
  }

  get(id) {
    return this.#read(id) ?? { ...FRESH, id };
  }

  get all() {
    return this.ids.map((id) => this.get(id));
  }

  /** Go to a tab. A window that is at it already says so. */
  go(id) {
    this.current = id;
    sessionStorage.setItem(`${this.#prefix}current`, id);
    this.#channel.postMessage({ from: this.window, wants: id });
  }

  /** A new tab, which is the current one. */
  add(text, name = null) {
    const id = crypto.getRandomValues(new Uint32Array(2)).join("");
    this.#write(id, { id, text, name });
    this.ids = [...(this.#read("tabs") ?? []), id];
    this.#write("tabs", this.ids);
    this.go(id);
    return id;
  }

  /** Keep what is known of a tab. */
  keep(id, values) {
    this.#write(id, { ...this.get(id), ...values });
    if (!this.ids.includes(id)) this.ids.push(id);
    this.#write("tabs", [...new Set([...(this.#read("tabs") ?? []), id])]);
  }

  drop(id) {
    this.ids = this.ids.filter((each) => each !== id);
    this.#write("tabs", (this.#read("tabs") ?? []).filter((each) => each !== id));
    localStorage.removeItem(this.#prefix + id);
  }

  #heard(said) {
    if (said.from === this.window || (said.wants ?? said.has) !== this.current) return;
    if (said.wants) this.#channel.postMessage({ from: this.window, to: said.from, has: said.wants });
    else if (said.to === this.window) this.#lost(said.has);
  }

  #read(key) {
    try {
      return JSON.parse(localStorage.getItem(this.#prefix + key));
    } catch {
      return null;
    }
  }

  #write(key, value) {
    try {
      localStorage.setItem(this.#prefix + key, JSON.stringify(value));
    } catch {
      // a browser that keeps nothing, or no more: the text stays in the window
    }
  }
}
