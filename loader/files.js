// The list of attachments below a message: added by button, drop and paste, each with its picture or type, its size,
// its progress, and a button to remove it. A refused one shows the reason and affects nothing else.

import { random } from "./session.js";
import { sized } from "./sizes.js";

/** @typedef {import("./attachments.js").Kept} Kept */
/**
 * @typedef {object} Given
 * @property {ReturnType<typeof import("./attachments.js").attachments>} attachments
 * @property {() => {max_bytes: number, max_count: number, types: string[]} | undefined} limits what the site accepts
 * @property {((id: string) => Promise<unknown>) | ""} put uploads one to the gateway; without it they are sent with the message
 * @property {() => void} changed called when one was added or removed
 * @property {(text: string) => void} announce
 * @property {{[key: string]: string}} words
 * @property {string} lang
 * @property {() => Promise<{possible: () => boolean, shoot: (keep: (picture: File) => Promise<unknown>, file?: Blob) => Promise<unknown>}>} camera takes and edits pictures
 */

export const css = FILES_CSS;

const EDITABLE = /^image\/(png|jpeg|webp)$/;
/** Types of files that carry metadata, such as where a picture was taken. */
const CARRIES = /^(image|video)\/|\/(pdf|zip|vnd\.)/;
const PREVIEW = 80;
/** Any other file that support asks for, only ever downloaded. */
const DOWNLOAD = "application/octet-stream";
/** File types that systems do not recognise as text or JSON. */
const TEXTS = "text/*,.txt,.log,.csv,.md,.yaml,.yml,.har,.json,.jsonl,.eml";

/** @param {Given} given */
export const start = ({ attachments, limits, put, changed, announce, words, lang, camera }) => {
  /** The place that they are shown in, and their owner. @type {Element | undefined} */
  let place;
  let of = "";
  /** Why files could not be added. @type {string[]} */
  let refused = [];
  /** @type {Map<string, ReturnType<typeof row>>} */
  const rows = new Map();
  const list = element("ul", "plain files");
  const trouble = element("div", "");

  /** @param {string} key @param {string} [value] */
  const say = (key, value = "") => (words[key] ?? "").replace(/\{\w+\}/, () => value);

  /** @param {Kept} file */
  const take = (file) => {
    attachments.drop([file.id]);
    announce(say("file_removed", file.name));
    changed();
    /** @type {HTMLElement | null | undefined} */ (place?.querySelector("button"))?.focus();
  };

  /** Takes or edits a picture; the edited picture replaces the original. @param {Kept} [file] */
  const shoot = async (file) => {
    let replaced = false;
    try {
      const { shoot } = await camera();
      await shoot(async (picture) => {
        if (file) await attachments.drop([file.id]);
        replaced = !!file;
        await add(of, [file ? new File([picture], file.name.replace(/(\.\w+)?$/, ".png")) : picture]);
      }, file?.blob);
      // The button that opened the editor has been removed with its file.
      if (replaced)
        /** @type {HTMLElement | null | undefined} */ (choose.parentElement?.querySelector("button"))?.focus();
    } catch (reason) {
      refused = [say(words[`shot_${reason}`] ? `shot_${reason}` : "shot_refused")];
      draw();
    }
  };

  /** Why the gateway refuses a file. @param {string} code @param {string} name */
  const reason = (code, name) => {
    if (code == "too_large") return say("file_large", sized(limits()?.max_bytes ?? 0, lang));
    if (code == "stopped") return say("file_stopped", name);
    if (attachments.ends(code)) return say("file_full");
    const types = limits()?.types ?? [];
    const names = types
      .filter((type) => type != DOWNLOAD)
      .map((type) => type.split("/")[1]?.replace("plain", "txt"))
      .join(", ");
    return say(types.includes("application/zip") ? "file_zip" : "file_type", names);
  };

  /** The state of a file that was added. @param {Kept} file */
  const standing = ({ name, refused, there }) => {
    if (refused == "stopped") return reason(refused, name);
    if (refused) return `${name}: ${reason(refused, name)}`;
    return there || !put ? say("file_added", name) : `${name}: ${say("file_waits")}`;
  };

  /** @param {Kept} file */
  const row = (file) => {
    const { id, name, blob } = file;
    const about = element("span", "about");
    const progress = /** @type {HTMLProgressElement} */ (element("progress", ""));
    progress.setAttribute("aria-label", say("file_going", name));
    const again = button("link", say("file_retry"), () => put && put(id));
    const edit = button("link", say("file_edit"), () => shoot(file));
    edit.setAttribute("aria-label", say("file_edit_named", name));
    const remove = button("icon", "✕", () => take(file));
    remove.setAttribute("aria-label", say("file_remove", name));
    const text = element("span", "text");
    const title = element("div", "");
    title.append(element("span", "name", name));
    text.append(title, about, progress);
    const ways = element("span", "ways");
    ways.append(again, ...(EDITABLE.test(blob.type) ? [edit] : []));
    text.append(ways);
    const node = element("li", "file");
    node.append(picture(blob, name), text, remove);
    return {
      node,
      /** @param {Kept} now */
      show: ({ there, refused, metadata, blob }) => {
        const part = attachments.gone.get(id);
        const goes = attachments.goes(id);
        // Without a gateway nothing strips the metadata.
        const told = there || !put ? (metadata || (!put && CARRIES.test(blob.type)) ? say("file_metadata") : "") : "";
        about.textContent = [
          sized(blob.size, lang),
          refused ? reason(refused, name) : there || goes ? told : say("file_waits"),
        ]
          .filter(Boolean)
          .join(" · ");
        about.className = refused ? "about error" : "about";
        progress.hidden = !goes;
        // Without a value it shows indeterminate progress.
        if (part == undefined) progress.removeAttribute("value");
        else progress.value = part;
        again.hidden = !put || there || goes || (!!refused && !attachments.ends(refused));
        edit.hidden = goes;
      },
    };
  };

  /** Updates what is shown. */
  const draw = () => {
    if (!place) return;
    const files = attachments.of(of);
    for (const [id, { node }] of rows)
      if (!files.some((file) => file.id == id)) {
        node.remove();
        rows.delete(id);
      }
    for (const file of files) {
      const shown = rows.get(file.id) ?? row(file);
      if (!rows.has(file.id)) list.append(shown.node);
      rows.set(file.id, shown);
      shown.show(file);
    }
    trouble.replaceChildren(...refused.map((why) => element("p", "error", why)));
  };
  attachments.listen(draw);

  /** Adds files to an owner, and uploads them. @param {string} to @param {File[]} files */
  const add = async (to, files) => {
    const takes = limits();
    if (!takes) return;
    refused = [];
    /** @type {string[]} */
    const added = [];
    /** @type {Promise<unknown>[]} */
    const uploads = [];
    for (const file of files) {
      const name = file.name || say("shot_file");
      if (attachments.ids(to).length >= takes.max_count) refused.push(say("file_many", `${takes.max_count}`));
      else if (file.size > takes.max_bytes) refused.push(`${name}: ${say("file_large", sized(takes.max_bytes, lang))}`);
      else if (!file.size) refused.push(`${name}: ${say("file_empty")}`);
      else {
        const id = uuid();
        await attachments.keep({ id, of: to, name, blob: file, at: Date.now(), there: false });
        if (put) uploads.push(put(id));
        added.push(id);
      }
    }
    draw();
    if (added.length) changed();
    const turnedAway = refused;
    // Not before the result is known: a file announced as added may be refused a moment later.
    Promise.all(uploads).then(() => {
      const kept = attachments.of(to).filter(({ id }) => added.includes(id));
      announce([...kept.map(standing), ...turnedAway].join(" "));
    });
  };

  const choose = /** @type {HTMLInputElement} */ (element("input", ""));
  choose.type = "file";
  choose.multiple = choose.hidden = true;
  choose.onchange = () => {
    add(of, [...(choose.files ?? [])]);
    choose.value = "";
  };

  return {
    add,
    /**
     * Shows the attachments of an owner in a place, and how to add more.
     * @param {Element} where @param {string} whose
     */
    show: async (where, whose) => {
      const takes = limits();
      if (!takes?.max_count || !takes.types.length) return where.replaceChildren();
      if (place == where && of == whose && where.firstChild) return draw();
      [place, of, refused] = [where, whose, []];
      rows.clear();
      list.replaceChildren();
      choose.accept = offered(takes.types);
      const ways = element("div", "row ways");
      ways.append(
        button("button", say("file_add"), () => choose.click()),
        choose,
      );
      where.replaceChildren(list, trouble, ways);
      await attachments.load(whose);
      draw();
      const { possible } = await camera();
      if (possible() && ways.contains(choose)) choose.before(button("button", say("file_shot"), () => shoot()));
    },
  };
};

/**
 * The types that the file dialog offers. Systems know files by their names and grey out unknown ones, so nothing is
 * excluded if nearly everything is accepted.
 * @param {string[]} types
 */
const offered = (types) =>
  types.includes(DOWNLOAD)
    ? ""
    : [
        ...types,
        ...(types.some((type) => /^text\/plain|\/json$/.test(type)) ? [TEXTS] : []),
        ...(types.includes("application/zip") ? [".zip,.docx,.xlsx,.pptx,application/x-zip-compressed"] : []),
      ].join();

/** A random UUID (RFC 9562, version 4); `crypto.randomUUID` does not exist on every page. */
const uuid = () => {
  const digits = random(16);
  const [variant = ""] = "89ab"[parseInt(digits[16] ?? "0", 16) & 3] ?? "8";
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `4${digits.slice(13, 16)}`,
    variant + digits.slice(17, 20),
    digits.slice(20),
  ].join("-");
};

/**
 * A thumbnail, drawn on a canvas, because a strict policy blocks images from a `blob:` address.
 * @param {Blob} blob @param {string} name
 */
const picture = (blob, name) => {
  const kind = element("span", "kind", name.split(".").pop()?.slice(0, 4).toUpperCase() ?? "");
  kind.setAttribute("aria-hidden", "true");
  const size = { resizeWidth: PREVIEW, resizeQuality: /** @type {const} */ ("medium") };
  if (blob.type.startsWith("image/"))
    createImageBitmap(blob, size).then(
      (bitmap) => {
        const canvas = /** @type {HTMLCanvasElement} */ (element("canvas", "kind"));
        canvas.setAttribute("aria-hidden", "true");
        canvas.width = canvas.height = PREVIEW;
        const scale = PREVIEW / Math.min(bitmap.width, bitmap.height);
        const [width, height] = [bitmap.width * scale, bitmap.height * scale];
        canvas.getContext("2d")?.drawImage(bitmap, (PREVIEW - width) / 2, (PREVIEW - height) / 2, width, height);
        bitmap.close();
        kind.replaceWith(canvas);
      },
      () => {},
    );
  return kind;
};

/** @param {string} className @param {string} textContent @param {() => void} onclick @returns {HTMLElement} */
const button = (className, textContent, onclick) =>
  Object.assign(document.createElement("button"), { type: "button", className, textContent, onclick });

/** @param {string} tag @param {string} className @param {string} [textContent] @returns {HTMLElement} */
const element = (tag, className, textContent = "") =>
  Object.assign(document.createElement(tag), { className, textContent });
