// Chapter 10: which combination of rule and memory is cheapest depends on what things cost.

explorable("prices", {
  label: "Set the prices, and see which combination wins",

  build(it) {
    it.runs = JSON.parse(it.host.dataset.runs);
    // the table before it says the same of one price, for paper and for who has no scripts
    it.host.previousElementSibling?.classList.add("live-replaced");
    it.table = make("div", { className: "live-table", tabIndex: 0, role: "group" });
    it.table.setAttribute("aria-label", "how many times less each combination spends");
    it.body.append(it.table, ...explained(it.runs));
    it.showPython();
  },

  answer(it, { write_price, held_price, fading }) {
    const runs = withCaches(it, fading);
    const ordinary = costOf(runs[0], write_price, held_price); // ordinary learning comes first
    const all = runs.map((run) => ({ ...run, times: ordinary / costOf(run, write_price, held_price) }));
    const learned = all.filter((run) => run.distance !== null);
    const best = learned.reduce((a, b) => (b.times > a.times ? b : a));
    const second = learned.filter((run) => run !== best).reduce((a, b) => (b.times > a.times ? b : a));
    showPrices(it, all, best);
    const won = best === learned[0]
      ? "At these prices nothing is cheaper than ordinary learning"
      : `Cheapest: ${nameOfRun(best)}. It costs ${compared(best.times, "ordinary learning")}`;
    const next = second === learned[0] ? "ordinary learning" : `${nameOfRun(second)}, ${compared(second.times)}`;
    it.say(`${won}; next comes ${next}. ${whereItChanges(learned, write_price)}`);
  },

  python({ write_price, held_price, fading }, it) {
    const rows = withCaches(it, fading).map(({ rule, memory, distance, writes, held }) =>
      `    (${[rule, memory, distance, writes, held].map((value) => (value === null ? "None" : JSON.stringify(value))).join(", ")}),`,
    );
    return `import pandas as pd

# of what each combination did until it had learned: how far its weights moved, how often they
# were written, and the sizes of transient changes, summed over all images
runs = pd.DataFrame(
    [
${rows.map((row) => `    ${row}`).join("\n")}
    ],
    columns=["rule", "memory", "distance", "writes", "held"],
)
cost = runs["${write_price}"] + ${held_price} * runs["held"]
runs.assign(times=cost[0] / cost).sort_values("times", ascending=False)`;
  },
});

// What networks spent without a cache, and with those that fade in so many images.
function withCaches({ runs = [] }, fading) {
  return runs.filter(({ decay_time }) => decay_time === fading);
}

function costOf({ distance, writes, held }, write_price, held_price) {
  return (write_price === "distance" ? distance : writes) + held_price * held;
}

function nameOfRun({ rule, memory }) {
  return `${rule}, ${memory}`;
}

// Costs are straight lines over the price of holding: which is lowest, from the lowest price to the
// highest, and where the next one takes over.
function winners(runs, write_price, { min, max }) {
  const [first, last] = [10 ** min, 10 ** max];
  const lowestAt = (price) => runs.reduce((a, b) => (costOf(b, write_price, price) < costOf(a, write_price, price) ? b : a));
  const found = [{ from: first, run: lowestAt(first) }];
  for (;;) {
    const { from, run } = found[found.length - 1];
    const later = runs
      .filter(({ held }) => held < run.held)
      .map((other) => ({
        from: (costOf(other, write_price, 0) - costOf(run, write_price, 0)) / (run.held - other.held),
        run: other,
      }))
      .filter((next) => next.from > from && next.from <= last);
    if (!later.length) return found;
    found.push(later.reduce((a, b) => (b.from < a.from ? b : a)));
  }
}

function whereItChanges(learned, write_price) {
  const [first, ...later] = winners(learned, write_price, window.synlibSettings.controls.prices.held_price);
  const name = (run) => (run === learned[0] ? "ordinary learning" : nameOfRun(run));
  if (!later.length) return `Whatever holding costs here, ${name(first.run)} wins.`;
  const changes = later.map(({ from, run }) => `from ${number(from)} on ${name(run)}`);
  return `As holding gets dearer, the winner is at first ${name(first.run)}; ${changes.join("; ")}.`;
}

// Words that stand in the table, for who comes here first.
function explained(runs) {
  const words = [
    ["few", "a tenth as many of the largest updates"],
    ["both", "the largest updates within a subnetwork"],
    ["θ", "size of a held change that makes it permanent, of its own synapse, or of all synapses of the neuron"],
    ["persistent", "no cache"],
  ].filter(([word]) => runs.some((run) => nameOfRun(run).includes(word)));
  const list = words.map(([word, meaning]) => `${word}: ${meaning}`).join("; ");
  return list ? [make("p", { className: "live-note" }, `${list}.`)] : [];
}

function showPrices(it, runs, best) {
  const rules = [...new Set(runs.map((run) => run.rule))];
  const memories = [...new Set(runs.map((run) => run.memory))];
  const largest = Math.log10(Math.max(best.times, 1.01));
  const head = make("tr", {}, make("td"), ...memories.map((memory) => make("th", { scope: "col" }, memory)));
  let winner;
  const rows = rules.map((rule) =>
    make("tr", {}, make("th", { scope: "row" }, rule), ...memories.map((memory) => {
      const run = runs.find((r) => r.rule === rule && r.memory === memory);
      const known = run.distance !== null;
      const cell = make("td", {}, known ? `${number(run.times)}×` : run.tried ? "not learned" : "not tried");
      const share = known ? Math.max(0, Math.min(1, Math.log10(run.times) / largest)) : 0;
      cell.style.background = `color-mix(in srgb, ${it.colours.total} ${Math.round(45 * share)}%, transparent)`;
      if (run === best) {
        cell.className = "best";
        winner = cell;
      }
      return cell;
    })),
  );
  it.table.replaceChildren(make("table", {}, make("tbody", {}, head, ...rows)));
  // where the table is wider than the screen, the winner is brought into sight
  const hidden = winner.offsetLeft + winner.offsetWidth - it.table.clientWidth;
  it.table.scrollLeft = Math.max(0, hidden + 8);
}
