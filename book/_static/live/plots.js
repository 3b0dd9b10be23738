// Plots as SVG, in the colours and words of the book's figures.

const TEXT = 13; // px
const MARGIN = { top: 12, right: 14, bottom: 44, left: 68 };

class Plot {
  // ratio: height as a share of the width; legend: whether to list the names of what is drawn
  constructor({ ratio = 0.5, highest = 340, lowest = 190, margin = {} } = {}) {
    Object.assign(this, { ratio, highest, lowest, margin: { ...MARGIN, ...margin } });
    this.element = make("div", { className: "live-plot" });
    new ResizeObserver(() => this.draw()).observe(this.element);
  }

  // x, y: { label, from, to, log, ticks }; marks: lines, points, bars, areas; words: what one sees
  show(described) {
    this.described = described;
    this.draw();
  }

  draw() {
    const width = this.element.clientWidth;
    if (!this.described || !width || this.drawing) return;
    const { x, y, marks, words } = this.described;
    const height = Math.round(Math.min(this.highest, Math.max(this.lowest, width * this.ratio)));
    const margin = { ...this.margin };
    if (!y.hidden) margin.left = Math.max(margin.left, roomForTicks(y, height - margin.top - margin.bottom));
    const inner = { width: width - margin.left - margin.right, height: height - margin.top - margin.bottom };
    const across = scaleOf(x, margin.left, margin.left + inner.width);
    const up = scaleOf(y, margin.top + inner.height, margin.top);
    const parts = [
      axisBelow(x, across, margin.top + inner.height, inner.width),
      y.hidden ? "" : axisLeft(y, up, margin.left, margin.top, inner.height),
      `<g clip-path="url(#${this.clip})">`,
      ...marks.filter((mark) => !mark.above).map((mark) => drawn(mark, across, up, inner, margin)),
      "</g>",
      ...marks.filter((mark) => mark.above).map((mark) => drawn(mark, across, up, inner, margin)),
    ];
    const clip = `<clipPath id="${this.clip}"><rect x="${margin.left - 1}" y="${margin.top - 6}"
      width="${inner.width + 2}" height="${inner.height + 7}"/></clipPath>`;
    this.element.innerHTML = `<svg width="${width}" height="${height}" role="img"
      aria-label="${escaped(words)}"><defs>${clip}${HATCH}</defs>${parts.join("")}</svg>${legend(marks)}`;
  }

  get clip() {
    return (this.ownClip ??= `live-clip-${++Plot.count}`);
  }
}
Plot.count = 0;

// What is outstanding is drawn in the colour of what it will become, in stripes.
const HATCH = `<pattern id="live-hatch" width="6" height="6" patternUnits="userSpaceOnUse"
  patternTransform="rotate(45)"><rect width="6" height="6" fill="#0072B2"/>
  <rect width="2" height="6" fill="white"/></pattern>`;

function escaped(text) {
  return String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;");
}

// From values to pixels.
function scaleOf({ from, to, log }, start, end) {
  const place = log ? Math.log10 : Number;
  const [low, high] = [place(from), place(to)];
  return (value) => start + ((place(value) - low) / (high - low || 1)) * (end - start);
}

// Round numbers along an axis, not more than fit.
function ticksOf({ from, to, log, ticks }, room) {
  if (ticks) return ticks;
  if (log) {
    const found = [];
    const decades = Math.log10(to / from);
    const choices = [[1, 2, 3, 5, 7], [1, 3], [1]];
    const digits = choices.find((some) => decades * some.length < room) ?? [1];
    const apart = Math.max(1, Math.ceil((decades * digits.length) / room));
    const [first, last] = [Math.floor(Math.log10(from)), Math.ceil(Math.log10(to))];
    for (let power = first; power <= last; power += apart) {
      for (const digit of digits) {
        const tick = Number((digit * 10 ** power).toPrecision(2));
        if (tick >= from * 0.999 && tick <= to * 1.001) found.push(tick);
      }
    }
    return found;
  }
  const rough = (to - from) / room;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((s) => s * power >= rough) * power;
  const found = [];
  for (let tick = Math.ceil(from / step - 1e-9) * step; tick <= to + step * 1e-9; tick += step) {
    found.push(Number(tick.toPrecision(12)));
  }
  return found;
}

// About as wide as a text is.
function widthOf(text) {
  return 0.58 * TEXT * text.length;
}

function axisBelow(axis, across, bottom, width) {
  const ticks = ticksOf(axis, Math.max(3, Math.floor(width / 75)));
  const [start, end] = [across(axis.from), across(axis.to)];
  const marks = ticks.map((tick) => {
    const x = across(tick).toFixed(1);
    const inside = Math.min(x, end + MARGIN.right - widthOf(number(tick)) / 2); // else cut at the edge
    return `<path d="M${x} ${bottom}v5" class="live-axis"/>
      <text x="${inside}" y="${bottom + 18}" text-anchor="middle">${number(tick)}</text>`;
  });
  return `<path d="M${start} ${bottom}H${end}" class="live-axis"/>${marks.join("")}
    <text x="${(start + end) / 2}" y="${bottom + 38}" text-anchor="middle">${escaped(axis.label)}</text>`;
}

function ticksLeft(axis, height) {
  return ticksOf(axis, Math.max(4, Math.floor(height / 45)));
}

// What the label and the widest of the numbers beside it need.
function roomForTicks(axis, height) {
  return 30 + Math.max(...ticksLeft(axis, height).map((tick) => widthOf(number(tick))));
}

function axisLeft(axis, up, left, top, height) {
  const ticks = ticksLeft(axis, height);
  const marks = ticks.map((tick) => {
    const y = up(tick).toFixed(1);
    return `<path d="M${left} ${y}h-5" class="live-axis"/>
      <text x="${left - 8}" y="${y}" dy="0.35em" text-anchor="end">${number(tick)}</text>`;
  });
  const middle = Math.max(top + height / 2, widthOf(axis.label) / 2); // a long label begins at the edge
  return `<path d="M${left} ${top}v${height}" class="live-axis"/>${marks.join("")}
    <text transform="translate(12 ${middle}) rotate(-90)" text-anchor="middle">${escaped(axis.label)}</text>`;
}

const DASHES = { dashed: "7 4", dotted: "2 3" };

function drawn(mark, across, up, inner, margin) {
  const colour = mark.colour === "#000000" ? "currentColor" : mark.colour;
  const dash = mark.dash ? ` stroke-dasharray="${DASHES[mark.dash]}"` : "";
  const width = mark.width ?? 2;
  const stroke = `stroke="${colour}" stroke-width="${width}"${dash} fill="none"`;
  if (mark.kind === "line") return `<path d="${pathOf(mark, across, up)}" ${stroke} stroke-linejoin="round"/>`;
  if (mark.kind === "area") {
    const path = pathOf(mark, across, up);
    const base = up(mark.base ?? 0).toFixed(1);
    const [first, last] = [mark.points[0], mark.points[mark.points.length - 1]];
    if (!first) return "";
    return `<path d="${path}L${across(last[0]).toFixed(1)} ${base}L${across(first[0]).toFixed(1)} ${base}Z"
      fill="${colour}" fill-opacity="0.35"/>`;
  }
  if (mark.kind === "polygon") return `<path d="${pathOf(mark, across, up)}Z" fill="${colour}" fill-opacity="0.3"/>`;
  if (mark.kind === "points") {
    return mark.points.map(([x, y]) => symbol(mark.symbol, across(x), up(y), mark.size ?? 4.5, colour)).join("");
  }
  if (mark.kind === "bar") {
    const [a, b] = [across(mark.from), across(mark.to)];
    const fill = mark.hatch ? "url(#live-hatch)" : colour;
    return `<rect x="${a.toFixed(1)}" y="${up(mark.top)}" width="${Math.max(0, b - a).toFixed(1)}"
      height="${up(mark.bottom) - up(mark.top)}" fill="${fill}"/>`;
  }
  if (mark.kind === "across") return `<path d="M${margin.left} ${sharp(up(mark.at), width)}h${inner.width}" ${stroke}/>`;
  if (mark.kind === "up") return `<path d="M${sharp(across(mark.at), width)} ${margin.top}v${inner.height}" ${stroke}/>`;
  if (mark.kind === "span") {
    return `<rect x="${across(mark.from)}" y="${margin.top}" width="${across(mark.to) - across(mark.from)}"
      height="${inner.height}" fill="${colour}" fill-opacity="0.3"/>`;
  }
  if (mark.kind === "text") {
    return `<text x="${across(mark.x)}" y="${up(mark.y)}" text-anchor="${mark.anchor ?? "middle"}"
      dy="${mark.dy ?? 0}">${escaped(mark.text)}</text>`;
  }
  throw new Error(`There is no mark "${mark.kind}"`);
}

// A thin straight line between two rows of pixels would be drawn pale on both.
function sharp(place, width) {
  return width < 1.5 ? Math.floor(place) + 0.5 : Math.round(place);
}

function pathOf({ points, steps }, across, up) {
  let path = "";
  let before;
  for (const [x, y] of points) {
    const [a, b] = [across(x).toFixed(1), up(y).toFixed(1)];
    if (a === "NaN" || b === "NaN" || b === "Infinity" || b === "-Infinity") continue;
    path += path === "" ? `M${a} ${b}` : steps ? `H${a}V${b}` : `L${a} ${b}`;
    before = a;
  }
  return before === undefined ? "M0 0" : path;
}

function symbol(kind, x, y, size, colour) {
  const [a, b] = [x.toFixed(1), y.toFixed(1)];
  if (kind === "diamond") return `<path d="M${a} ${b}m0 ${-size - 1}l${size} ${size + 1}l${-size} ${size + 1}l${-size} ${-size - 1}z" fill="${colour}"/>`;
  if (kind === "triangle") return `<path d="M${a} ${b}m0 ${size}l${-size} ${-2 * size}h${2 * size}z" fill="${colour}"/>`;
  if (kind === "cross") return `<path d="M${a} ${b}m${-size} ${-size}l${2 * size} ${2 * size}m0 ${-2 * size}l${-2 * size} ${2 * size}" stroke="${colour}" stroke-width="2.5" fill="none"/>`;
  if (kind === "star") return `<text x="${a}" y="${b}" dy="0.35em" text-anchor="middle" font-size="22">★</text>`;
  if (kind === "square") return `<rect x="${x - size}" y="${y - size}" width="${2 * size}" height="${2 * size}" fill="${colour}"/>`;
  return `<circle cx="${a}" cy="${b}" r="${size}" fill="${colour}"/>`;
}

// Names of what is drawn, each once.
function legend(marks) {
  const named = new Map(marks.filter((m) => m.name).map((m) => [m.name, m]));
  if (!named.size) return "";
  const items = [...named.values()].map((mark) => {
    const colour = mark.colour === "#000000" ? "currentColor" : mark.colour;
    const dash = mark.dash ? ` stroke-dasharray="${DASHES[mark.dash]}"` : "";
    let sample = `<path d="M1 7h22" stroke="${colour}" stroke-width="2"${dash}/>`; // of 2 pixels, else pale
    if (mark.kind === "points") sample = "";
    if (mark.kind === "points" || mark.symbol) sample += symbol(mark.symbol, 12, 7, 4.5, colour);
    if (["bar", "area", "polygon", "span"].includes(mark.kind)) {
      sample = `<rect x="1" y="1" width="22" height="12" fill="${mark.hatch ? "url(#live-hatch)" : colour}"
        ${mark.kind === "bar" ? "" : 'fill-opacity="0.4"'}/>`;
    }
    return `<li><svg width="24" height="14" aria-hidden="true">${sample}</svg> ${escaped(mark.name)}</li>`;
  });
  return `<ul class="live-legend">${items.join("")}</ul>`;
}

// Points of a line without those that cannot be seen: in each column the lowest and the highest, and
// the last of all.
function thinned(points, columns = 1000) {
  if (points.length <= 2 * columns) return points;
  const thin = [];
  for (let c = 0; c < columns; c++) {
    const first = Math.floor((c * points.length) / columns);
    const end = Math.floor(((c + 1) * points.length) / columns);
    let [lowest, highest] = [first, first];
    for (let i = first; i < end; i++) {
      if (points[i][1] < points[lowest][1]) lowest = i;
      if (points[i][1] > points[highest][1]) highest = i;
    }
    const ends = c === columns - 1 ? [lowest, highest, points.length - 1] : [lowest, highest];
    thin.push(...ends.sort((a, b) => a - b).map((i) => points[i]));
  }
  return thin;
}

// Both ends of an axis that shows values, with some room; of a logarithmic one, positive ones only.
function around(values, { log = false, from = Infinity, to = -Infinity, room = 0.04 } = {}) {
  let [low, high] = [from, to];
  for (const v of values) {
    if (!Number.isFinite(v) || (log && v <= 0)) continue;
    low = Math.min(low, v);
    high = Math.max(high, v);
  }
  if (!(low < high)) [low, high] = log ? [low / 2 || 1, high * 2 || 10] : [low - 1, high + 1];
  if (log) return { log, from: low / (high / low) ** room, to: high * (high / low) ** room };
  const extra = room * (high - low);
  return { from: from === low ? low : low - extra, to: to === high ? high : high + extra };
}
