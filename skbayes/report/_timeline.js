// Which worker ran what when: a bar for each fold, in a row for each worker.

// Ten thousand seconds say nothing to anybody.
function unitOf(longest) {
  if (longest >= 4 * 86400) return [86400, "days"];
  if (longest >= 4 * 3600) return [3600, "hours"];
  return longest >= 5 * 60 ? [60, "minutes"] : [1, "seconds"];
}

function drawTimeline() {
  const found = view.data.timeline;
  byId("timeline").hidden = Boolean(found.missing);
  if (found.missing) return;
  const groups = {}, rows = found.row_names.length;
  found.status.forEach((status, k) => (groups[status] = groups[status] || []).push(k));
  const [length, unit] = unitOf(lastEnd(found));
  const traces = Object.keys(STATUSES).filter((status) => groups[status]).map((status) => bars(found, status, groups[status], length));
  const step = Math.ceil(rows / 16), places = found.row_names.map((_, k) => k).filter((k) => k % step === 0);
  draw("timeline", traces, layout({
    barmode: "overlay", height: Math.min(640, 120 + 30 * rows), showlegend: traces.length > 1,
    xaxis: axis(unit + " since the first fit began", {rangemode: "tozero"}),
    yaxis: axis("", {tickvals: places, ticktext: places.map((k) => literal(shortened(found.row_names[k], 24))), range: [rows - 0.4, -0.6], ticks: ""}),
    shapes: found.breaks.map(([at]) => ({
      type: "line", x0: at / length, x1: at / length, y0: 0, y1: 1, yref: "paper", line: {color: colour("text"), width: 1.5, dash: "dot"},
    })),
  }));
  const n_left_out = found.n_runs - found.row.length, is_one = rows === 1;
  noteIn("timeline", [
    "A bar for each fold.",
    found.utilisation === null ? "" : (is_one ? "The worker" : "The workers") + " fitted or scored for " + brief(100 * found.utilisation, 2) + " % of the time.",
    found.breaks.length ? "Dotted lines: the search rested for " + found.breaks.map(([, rest]) => seconds(rest)).slice(0, 5).join(", ") + "." : "",
    found.n_unknown ? "Of " + plural(found.n_unknown, "fit", "fits") + " the time is not known: the worker died." : "",
    found.n_hosts > 1 ? "Each machine tells the time by its own clock: the bars of one may be shifted against those of another." : "",
    n_left_out ? "The first " + n_left_out + " of " + found.n_runs + " fits are left out of the picture." : "",
  ].filter((text) => text).join(" "));
}

function bars(found, status, indices, length) {
  const isCrowded = indices.length > 1500;
  // Of a bar of fewer pixels a border would leave nothing to see.
  const wide = 4 * lastEnd(found) / length / Math.max(200, plotIn("timeline").clientWidth - 120);
  return {
    type: "bar", orientation: "h", name: STATUSES[status].label, y: indices.map((k) => found.row[k]),
    base: indices.map((k) => found.start[k] / length), x: indices.map((k) => found.seconds[k] / length), width: 0.8,
    customdata: indices.map((k) => found.trial[k]), hoverinfo: "text", textposition: "none",
    text: indices.map((k) => trialText(found.trial[k]) + "<br>fold " + found.fold[k] + ", " + seconds(found.seconds[k])
      + (status === "complete" ? "" : ", " + STATUSES[status].label)),
    marker: {
      color: statusColour(status), line: {width: isCrowded ? 0 : indices.map((k) => (found.seconds[k] / length > wide ? 0.75 : 0)), color: colour("card")},
      opacity: view.passes === null ? 1 : indices.map((k) => (passes(found.trial[k]) ? 1 : 0.2)),
      pattern: isCrowded ? {} : {shape: STATUSES[status].pattern, bgcolor: statusColour(status), fgcolor: colour("card"), size: 6},
    },
  };
}

function lastEnd(found) { return found.start.reduce((last, start, k) => Math.max(last, start + found.seconds[k]), 0); }
