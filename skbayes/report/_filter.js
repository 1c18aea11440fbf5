// What a reader types over a column, as a test of its values.

const COMPARISON = /^(>=|<=|!=|>|<|=)\s*([+\-−]?[\d.]+(?:e[+\-−]?\d+)?|[+\-−]?inf)$/i;
const COMPARISONS = {
  ">": (a, b) => a > b, "<": (a, b) => a < b, ">=": (a, b) => a >= b, "<=": (a, b) => a <= b,
  "=": (a, b) => a === b, "!=": (a, b) => a !== b,
};

function parsedNumber(text) {
  const plain = text.trim().replace("−", "-");
  if (/^[+-]?inf$/i.test(plain)) return plain[0] === "-" ? -Infinity : Infinity;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) ? Number(plain) : NaN;
}

// A function of a value, null for an empty expression, undefined for one that makes no sense.
function matcher(expression) {
  const text = expression.trim();
  if (text === "") return null;
  if (text === "=") return (value) => value === null;
  if (text === "!=") return (value) => value !== null;
  const range = text.split("..");
  if (range.length === 2 && !Number.isNaN(parsedNumber(range[0])) && !Number.isNaN(parsedNumber(range[1]))) {
    const [low, high] = range.map(parsedNumber);
    return (value) => numeric(value) >= low && numeric(value) <= high;
  }
  const compared = comparisons(text);
  if (compared) return compared;
  if (/^[<>]/.test(text)) return undefined;
  if (text.startsWith("!=")) return exactly(text.slice(2), true);
  if (text.startsWith("=")) return exactly(text.slice(1), false);
  if (text.startsWith("!")) {
    const without = text.slice(1).toLowerCase();
    return (value) => value === null || !String(value).toLowerCase().includes(without);
  }
  return rounded(text) || containing(text);
}

function comparisons(text) {
  const parts = text.replace(/(>=|<=|!=|>|<|=)\s+/g, "$1").split(/[\s&]+/).filter((part) => part);
  const tests = [];
  for (const part of parts) {
    const found = COMPARISON.exec(part);
    const bound = found ? parsedNumber(found[2]) : NaN;
    if (Number.isNaN(bound)) return null;
    tests.push([COMPARISONS[found[1]], bound]);
  }
  return (value) => !Number.isNaN(numeric(value)) && tests.every(([test, bound]) => test(numeric(value), bound));
}

function exactly(text, isNot) {
  const wanted = text.trim().toLowerCase();
  return (value) => (value !== null && String(value).toLowerCase() === wanted) !== isNot;
}

function containing(text) {
  const wanted = text.toLowerCase();
  return (value) => value !== null && String(value).toLowerCase().includes(wanted);
}

// "0.95" is every number that is written so with two decimals; a text that contains it is one too.
function rounded(text) {
  const wanted = parsedNumber(text);
  if (!Number.isFinite(wanted)) return null;
  const [mantissa, power] = text.toLowerCase().replace("−", "-").split("e");
  const decimals = (mantissa.split(".")[1] || "").length;
  const half = 0.5 * Math.pow(10, Number(power || 0) - decimals);
  const contains = containing(text);
  return (value) => (typeof value === "number" ? Math.abs(value - wanted) <= half * (1 + 1e-9) : contains(value));
}

// Numbers before texts, in their order; what is missing comes last whichever way the rest is sorted.
function compared(a, b, direction) {
  const missing = (value) => value === null;
  if (missing(a) || missing(b)) return missing(a) === missing(b) ? 0 : missing(a) ? 1 : -1;
  const x = numeric(a), y = numeric(b);
  if (!Number.isNaN(x) && !Number.isNaN(y)) return direction * (x < y ? -1 : x > y ? 1 : 0);
  if (Number.isNaN(x) !== Number.isNaN(y)) return direction * (Number.isNaN(x) ? 1 : -1);
  return direction * COLLATOR.compare(a, b);
}

// "tree 2" before "tree 10".
const COLLATOR = new Intl.Collator("en", {numeric: true, sensitivity: "base"});
