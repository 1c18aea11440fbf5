// The table of candidates: sorted, filtered, a page of it at a time.

const GROUPS = {
  metrics: "further metrics", times: "seconds", model: "model", folds: "folds", training: "training scores", other: "other",
};
const table = {
  sort: [], filters: {}, text: "", statuses: null, ranges: [], page: 0, size: 50, groups: new Set(["metrics"]),
  selected: null, signature: null, columns: [], n: 0, shown: [], texts: null, best: null, onChange: () => {}, onSelect: () => {},
};

function setTable(columns, best) {
  const first = table.columns.length === 0;
  const headings = JSON.stringify(columns.map((column) => [column.name, column.label, column.kind]));
  const changed = headings !== table.headings;
  table.headings = headings;
  table.columns = columns;
  table.n = columns.length ? columns[0].values.length : 0;
  table.best = best;
  table.texts = null;
  if (first) table.sort = defaultSort();
  const known = new Set(columns.map((column) => column.name));
  table.sort = table.sort.filter((each) => known.has(each.column));
  for (const name in table.filters) if (!known.has(name)) delete table.filters[name];
  drawGroups();
  drawStatuses();
  if (changed || first) drawHead();
  refresh();
}

// As a search ranks its candidates.
function defaultSort() {
  const rank = table.columns.find((column) => column.group === "score" && column.name.startsWith("rank_test_"));
  if (rank) return [{column: rank.name, direction: 1}];
  const score = table.columns.find((column) => column.group === "score");
  return score ? [{column: score.name, direction: -1}] : [];
}

function columnOf(name) { return table.columns.find((column) => column.name === name); }

function shownColumns() {
  return table.columns.filter((column) => !(column.group in GROUPS) || table.groups.has(column.group));
}

function drawGroups() {
  const there = Object.keys(GROUPS).filter((group) => table.columns.some((column) => column.group === group));
  const choices = there.map((group) => checkbox("group", group, GROUPS[group], table.groups.has(group), (on) => {
    if (on) table.groups.add(group); else table.groups.delete(group);
    drawHead();
    refresh();
  }));
  fillChoices("column-groups", choices);
}

function drawStatuses() {
  const status = columnOf("status");
  const counts = {};
  for (const value of status ? status.values : []) counts[value] = (counts[value] || 0) + 1;
  const known = Object.keys(STATUSES).filter((value) => value in counts);
  const choices = known.concat(Object.keys(counts).filter((value) => !known.includes(value))).map((value) => {
    const on = table.statuses === null || table.statuses.has(value);
    const mark = STATUSES[value] || {shape: "", label: value};
    const label = mark.shape + " " + mark.label + " (" + counts[value] + ")";
    return checkbox("status", value, label, on, () => {
      const boxes = Array.from(byId("status-filter").querySelectorAll("input"));
      const ticked = boxes.filter((box) => box.checked).map((box) => box.value);
      table.statuses = ticked.length === boxes.length ? null : new Set(ticked);
      restart();
    });
  });
  fillChoices("status-filter", choices.length > 1 ? choices : []);
}

function checkbox(name, value, text, on, onChange) {
  const label = element("label");
  const box = element("input", "", {type: "checkbox", name: name, value: value});
  box.checked = on;
  box.addEventListener("change", () => onChange(box.checked));
  label.append(box, element("span", text));
  return label;
}

// What had the focus keeps it: a page that follows a search redraws its choices every few seconds.
function fillChoices(id, choices) {
  const field = byId(id);
  const focused = field.contains(document.activeElement) ? document.activeElement.value : null;
  field.replaceChildren(field.querySelector("legend"), ...choices);
  field.hidden = choices.length === 0;
  if (focused !== null) {
    const again = Array.from(field.querySelectorAll("input")).find((box) => box.value === focused);
    if (again) again.focus();
  }
}

function drawHead() {
  const headings = element("tr"), filters = element("tr", null, {class: "filters"});
  const columns = shownColumns(), labels = headingsOf(columns);
  for (const [k, column] of columns.entries()) {
    const th = element("th", null, {scope: "col", class: column.kind === "number" ? "number" : null});
    const button = element("button", null, {type: "button", "data-column": column.name, title: column.label});
    button.append(element("span", labels[k]), element("span", "", {class: "arrow", "aria-hidden": "true"}));
    button.addEventListener("click", (event) => sortBy(column, event.shiftKey));
    th.append(button);
    headings.append(th);
    const input = element("input", null, {
      type: "text", "data-column": column.name, "aria-label": "Filter of " + column.label,
      placeholder: column.kind === "number" ? "e.g. >1" : "filter", autocomplete: "off", spellcheck: "false",
    });
    input.value = table.filters[column.name] || "";
    input.addEventListener("input", () => filterBy(column.name, input));
    const cell = element("td");
    cell.append(input);
    filters.append(cell);
  }
  byId("table").querySelector("thead").replaceChildren(headings, filters);
  drawArrows();
}

// Short, and different within their group: long names of parameters begin and end alike.
function headingsOf(columns) {
  const short = new Map();
  for (const group of new Set(columns.map((column) => column.group))) {
    const members = columns.filter((column) => column.group === group);
    shortNames(members.map((column) => column.label), 24).forEach((label, k) => short.set(members[k], label));
  }
  return columns.map((column) => short.get(column));
}

function drawArrows() {
  for (const th of byId("table").querySelectorAll("thead th")) {
    const name = th.querySelector("button").dataset.column;
    const place = table.sort.findIndex((each) => each.column === name);
    const direction = place < 0 ? 0 : table.sort[place].direction;
    th.setAttribute("aria-sort", direction > 0 ? "ascending" : direction < 0 ? "descending" : "none");
    const arrow = direction > 0 ? " ▲" : direction < 0 ? " ▼" : "";
    th.querySelector(".arrow").textContent = arrow + (direction && table.sort.length > 1 ? place + 1 : "");
  }
}

// The better end first; a second click turns it round, a third gives the order of evaluation back.
function sortBy(column, isFurther) {
  const isScore = (column.group === "score" || column.group === "metrics") && !column.name.startsWith("rank_");
  const first = column.kind === "number" && isScore ? -1 : 1;
  const now = table.sort.find((each) => each.column === column.name);
  const next = !now ? first : now.direction === first ? -first : 0;
  const others = isFurther ? table.sort.filter((each) => each.column !== column.name) : [];
  table.sort = next ? others.concat({column: column.name, direction: next}) : others;
  drawArrows();
  restart();
}

function filterBy(name, input) {
  const made = matcher(input.value);
  input.setAttribute("aria-invalid", made === undefined ? "true" : "false");
  input.title = made === undefined ? "After < and > comes a number" : "";
  if (input.value.trim() === "") delete table.filters[name]; else table.filters[name] = input.value;
  later("filter", restart);
}

const waiting = {};
function later(name, action) {
  clearTimeout(waiting[name]);
  waiting[name] = setTimeout(action, 120);  // until the reader pauses: a thousand lines are drawn anew
}

function restart() {
  table.page = 0;
  refresh();
}

// The rows that pass all filters, in order.
function selectRows() {
  const tests = [];
  for (const name in table.filters) {
    const test = matcher(table.filters[name]);
    if (test) tests.push([columnOf(name).values, test]);
  }
  const words = table.text.toLowerCase().split(/\s+/).filter((word) => word);
  const status = columnOf("status");
  const rows = [];
  for (let i = 0; i < table.n; i++) {
    if (table.statuses && status && !table.statuses.has(status.values[i])) continue;
    if (!tests.every(([values, test]) => test(values[i]))) continue;
    if (!table.ranges.every((range) => range.rows.has(i))) continue;
    if (words.length) {
      const text = rowText(i);
      if (!words.every((word) => text.includes(word))) continue;
    }
    rows.push(i);
  }
  const keys = table.sort.map((each) => [columnOf(each.column).values, each.direction]);
  if (keys.length) {
    rows.sort((a, b) => {
      for (const [values, direction] of keys) {
        const order = compared(values[a], values[b], direction);
        if (order) return order;
      }
      return a - b;
    });
  }
  return rows;
}

function rowText(i) {
  if (!table.texts) table.texts = new Array(table.n);
  if (table.texts[i] === undefined) {
    table.texts[i] = table.columns.map((column) => {
      const value = column.values[i];
      return value === null ? "" : typeof value === "number" ? value + " " + brief(value) : value;
    }).join("\n").toLowerCase();
  }
  return table.texts[i];
}

function refresh() {
  table.shown = selectRows();
  drawBody();
  drawChips();
  // The pictures do not care for the order of the rows.
  const signature = JSON.stringify([table.filters, table.text, table.statuses && [...table.statuses], table.ranges.map((range) => [range.axis, range.low, range.high])]);
  if (signature !== table.signature) {
    table.signature = signature;
    table.onChange();
  }
}

function drawBody() {
  const n = table.shown.length, last = Math.max(0, Math.ceil(n / table.size) - 1);
  table.page = Math.min(table.page, last);
  const start = table.page * table.size, rows = table.shown.slice(start, start + table.size);
  const columns = shownColumns();
  const body = byId("table").querySelector("tbody");
  const focused = body.contains(document.activeElement) ? document.activeElement.closest("tr").dataset.row : null;
  body.replaceChildren(...rows.map((row) => bodyRow(row, columns)));
  if (n === 0) {
    const empty = element("tr");
    const text = table.n ? "No candidate passes the filters." : "No candidate was evaluated yet.";
    empty.append(element("td", text, {colspan: columns.length, class: "empty"}));
    body.append(empty);
  }
  if (focused !== null) {
    const again = body.querySelector(`tr[data-row="${Number(focused)}"] button`);
    if (again) again.focus();
  }
  byId("count").textContent = n + " of " + plural(table.n, "candidate", "candidates");
  byId("page-of").textContent = n ? (start + 1) + " to " + (start + rows.length) + " of " + n : "none";
  for (const button of byId("pager").querySelectorAll("button")) {
    const isBack = button.dataset.page === "first" || button.dataset.page === "previous";
    button.disabled = isBack ? table.page === 0 : table.page === last;
  }
  byId("pager").hidden = table.n <= 25;
}

function bodyRow(row, columns) {
  const tr = element("tr", null, {"data-row": row, class: row === table.best ? "best" : null});
  if (row === table.selected) tr.setAttribute("aria-selected", "true");
  for (const column of columns) tr.append(bodyCell(column, row));
  tr.addEventListener("click", (event) => {
    const isText = String(window.getSelection()) !== "" && !event.target.closest("button");
    if (!isText) select(row === table.selected ? null : row);
  });
  return tr;
}

function bodyCell(column, row) {
  const value = column.values[row];
  if (column.name === "candidate") {
    const cell = element("td", null, {class: "number"});
    cell.append(element("button", (row === table.best ? "★ " : "") + value, {
      type: "button", "aria-label": "Candidate " + value + (row === table.best ? ", the incumbent" : ""),
    }));
    return cell;
  }
  if (column.name === "status") {
    const known = STATUSES[value] || {shape: "", label: value};
    const cell = element("td", null, {class: value in STATUSES ? "status-" + value : null});
    cell.append(element("span", known.shape, {class: "shape", "aria-hidden": "true"}), known.label);
    return cell;
  }
  if (value === null) {
    const why = column.group === "parameters" ? "not active" : "no value";
    return element("td", "–", {class: "missing" + (column.kind === "number" ? " number" : ""), title: why});
  }
  const isNumber = column.kind === "number";
  return element("td", isNumber || typeof value === "number" ? brief(value) : value, {
    class: isNumber ? "number" : null, title: String(value),
  });
}

// What cannot be seen in the fields below the headings: ranges of axes, and filters of columns that are hidden.
function drawChips() {
  const shown = new Set(shownColumns().map((column) => column.name));
  const hidden = Object.keys(table.filters).filter((name) => !shown.has(name));
  const chips = table.ranges.map((range) => chip(range.label, () => {
    table.ranges = table.ranges.filter((each) => each !== range);
  })).concat(hidden.map((name) => chip(columnOf(name).label + ": " + table.filters[name], () => { delete table.filters[name]; })));
  byId("chips").replaceChildren(...chips);
  const isFiltered = table.ranges.length || table.text || table.statuses || Object.keys(table.filters).length;
  byId("clear").hidden = !isFiltered;
}

function chip(text, remove) {
  const button = element("button", text + "  ✕", {type: "button", class: "chip", title: "Remove this filter"});
  button.addEventListener("click", () => {
    remove();
    restart();
  });
  return button;
}

function clearFilters() {
  Object.assign(table, {filters: {}, text: "", statuses: null, ranges: []});
  byId("search").value = "";
  drawHead();
  drawStatuses();
  restart();
}

function select(row) {
  table.selected = row;
  for (const tr of byId("table").querySelectorAll("tbody tr[data-row]")) {
    if (Number(tr.dataset.row) === row) tr.setAttribute("aria-selected", "true"); else tr.removeAttribute("aria-selected");
  }
  table.onSelect(row);
}

function turnPage(where) {
  const last = Math.max(0, Math.ceil(table.shown.length / table.size) - 1);
  const to = {first: 0, previous: table.page - 1, next: table.page + 1, last: last}[where];
  table.page = Math.max(0, Math.min(last, to));
  drawBody();
}

// RFC 4180, all columns with all digits, the rows that pass the filters in their order.
function asCsv() {
  const quoted = (text) => (/[",\r\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text);
  const field = (value) => {
    if (value === null) return "";
    // A spreadsheet would compute a text that begins like a formula.
    return quoted(typeof value === "number" ? String(value) : /^[=+\-@\t\r]/.test(value) && Number.isNaN(numeric(value)) ? "'" + value : value);
  };
  const lines = [table.columns.map((column) => field(column.name)).join(",")];
  for (const row of table.shown) lines.push(table.columns.map((column) => field(column.values[row])).join(","));
  return lines.join("\r\n") + "\r\n";
}

function wireTable() {
  byId("search").addEventListener("input", (event) => {
    table.text = event.target.value;
    later("filter", restart);
  });
  byId("clear").addEventListener("click", clearFilters);
  byId("pager").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) turnPage(button.dataset.page);
  });
  byId("page-size").addEventListener("change", (event) => {
    table.size = Number(event.target.value);
    restart();
  });
}
