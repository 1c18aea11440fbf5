// Texts and elements. Whatever comes from the payload becomes text here, never markup.

const STATUSES = {
  complete: {label: "complete", shape: "●", symbol: "circle", colour: "#0072B2", dark: "#56B4E9", pattern: ""},
  pruned: {label: "pruned", shape: "▼", symbol: "triangle-down", colour: "#56B4E9", dark: "#9ad4f5", pattern: "/"},
  failed: {label: "failed", shape: "✖", symbol: "x", colour: "#D55E00", dark: "#F0A35E", pattern: "x"},
  timeout: {label: "timeout", shape: "■", symbol: "square", colour: "#E69F00", dark: "#E69F00", pattern: "\\"},
  memory: {label: "out of memory", shape: "◆", symbol: "diamond", colour: "#CC79A7", dark: "#CC79A7", pattern: "."},
};

function byId(id) { return document.getElementById(id); }

// An element with a text and attributes; only their names are ours to choose.
function element(tag, text, attributes) {
  const made = document.createElement(tag);
  if (text !== undefined && text !== null) made.textContent = text;
  for (const name in attributes || {}) {
    if (attributes[name] !== undefined && attributes[name] !== null) made.setAttribute(name, attributes[name]);
  }
  return made;
}

// A number as JSON has it: the infinities are texts there.
function numeric(value) {
  if (typeof value === "number") return value;
  if (value === "inf") return Infinity;
  if (value === "-inf") return -Infinity;
  return NaN;
}

// Five digits for a table, four for a sentence.
function brief(value, digits) {
  if (value === null || value === undefined) return "–";
  if (typeof value !== "number") return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e7) return String(value).replace("-", "−");
  const text = Number(value.toPrecision(digits || 5)).toString();
  return text.replace("-", "−").replace("e+", "e").replace("e-", "e−");
}

function seconds(value) {
  if (!(value >= 0)) return "–";
  if (value < 1) return brief(value * 1000, 3) + " ms";
  if (value < 100) return brief(value, 3) + " s";
  const minutes = Math.floor(Math.round(value) / 60);
  if (minutes < 100) return minutes + " min " + (Math.round(value) - 60 * minutes) + " s";
  return Math.floor(minutes / 60) + " h " + (minutes % 60) + " min";
}

// The beginning and, of a name the more telling, the end.
function shortened(text, n) {
  const plain = Array.from(String(text).replace(/\s+/g, " "));
  if (plain.length <= n) return plain.join("");
  const end = Math.floor((n - 1) * 2 / 3);
  return plain.slice(0, n - 1 - end).join("") + "…" + plain.slice(plain.length - end).join("");
}

// Names that stay different when they are shortened: what they have in common goes first.
function shortNames(names, n) {
  let made = names.map((name) => shortened(name, n));
  if (new Set(made).size === names.length) return made;
  const [first, ...others] = names;
  let head = 0, tail = 0;
  while (head < first.length && others.every((name) => name[head] === first[head])) head++;
  head = first.lastIndexOf("_", head - 1) + 1;
  const shortest = Math.min(...names.map((name) => name.length)) - head;
  while (tail < shortest && names.every((name) => name[name.length - 1 - tail] === first[first.length - 1 - tail])) tail++;
  const ending = first.slice(first.length - tail), cut = ending.indexOf("_");
  tail = cut < 0 ? 0 : ending.length - cut;
  made = names.map((name) => {
    const room = Math.max(0, n - 2 - (name.length - head - tail));
    const start = Math.max(0, head - Math.floor(room / 2)), end = name.length - tail + room - (head - start);
    const part = name.slice(start, end);
    return shortened((start ? "…" : "") + part + (end < name.length ? "…" : ""), n);
  });
  return made.map((name, k) => (made.indexOf(name) === k ? name : shortened(name, n - 3) + " #" + (k + 1)));
}

// plotly reads its texts as a kind of HTML: nothing of the user's may be a tag or an entity in it.
function literal(text) {
  // Marks that turn the direction of writing would turn the rest of the line too.
  return String(text).replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "\ufffd").replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

function plural(n, one, many) { return n + " " + (n === 1 ? one : many); }

function fillPairs(table, pairs) {
  const body = table.querySelector("tbody");
  body.replaceChildren(...pairs.map(([name, value]) => {
    const row = element("tr");
    row.append(element("th", name, {scope: "row"}), element("td", value === null ? "–" : String(value)));
    return row;
  }));
}

function showCode(text, button) {
  const say = (done) => {
    const label = button.dataset.label || button.textContent;
    button.dataset.label = label;
    button.textContent = done;
    setTimeout(() => { button.textContent = label; }, 1500);
  };
  const old = () => {  // a page from a file may not be allowed the clipboard
    const area = element("textarea", text, {readonly: ""});
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    say(copied ? "Copied" : "Could not copy");
  };
  if (navigator.clipboard && window.isSecureContext) {
    navigator.clipboard.writeText(text).then(() => say("Copied"), old);
  } else {
    old();
  }
}

function download(name, type, text) {
  const address = URL.createObjectURL(new Blob([text], {type: type}));
  const link = element("a", "", {href: address, download: name});
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}
