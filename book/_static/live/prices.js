// Chapter 10: which combination of rule and memory is cheapest depends on what things cost.

explorable("prices", {
  label: "Set the prices, and see which combination wins",

  build(it) {
    it.runs = JSON.parse(it.host.dataset.runs);
    // the table before it says the same of one price, for paper and for who has no scripts
    it.host.previousElementSibling?.classList.add("live-replaced");
    it.table = make("div", { className: "live-table", tabIndex: 0, role: "group" });
    it.table.setAttribute("aria-label", "how many times less each combination spends");
    it.body.append(it.table);
  },

  answer(it, { write_price, held_price }) {
    const cost = ({ distance, writes, held }) => (write_price === "distance" ? distance : writes) + held_price * held;
    const [{ rule, memory }] = it.runs; // ordinary learning comes first
    const ordinary = cost(it.runs[0]);
    const all = it.runs.map((run) => ({ ...run, times: ordinary / cost(run) }));
    const learned = all.filter((run) => run.distance !== null);
    const best = learned.reduce((a, b) => (b.times > a.times ? b : a));
    showPrices(it, all, best);
    const won = best.rule === rule && best.memory === memory
      ? "At these prices nothing is cheaper than ordinary learning"
      : `Cheapest: ${best.rule}, ${best.memory}. It costs ${number(best.times)} times less than ordinary learning`;
    const second = learned.filter((run) => run !== best).reduce((a, b) => (b.times > a.times ? b : a));
    it.say(`${won}; next comes ${second.rule}, ${second.memory}, ${number(second.times)} times less.`);
  },
});

function showPrices(it, runs, best) {
  const rules = [...new Set(runs.map((run) => run.rule))];
  const memories = [...new Set(runs.map((run) => run.memory))];
  const largest = Math.log10(Math.max(best.times, 1.01));
  const head = make("tr", {}, make("td"), ...memories.map((memory) => make("th", { scope: "col" }, memory)));
  const rows = rules.map((rule) =>
    make("tr", {}, make("th", { scope: "row" }, rule), ...memories.map((memory) => {
      const run = runs.find((r) => r.rule === rule && r.memory === memory);
      const known = run.distance !== null;
      const cell = make("td", {}, known ? `${number(run.times)}×` : "not learned");
      const share = known ? Math.max(0, Math.min(1, Math.log10(run.times) / largest)) : 0;
      cell.style.background = `color-mix(in srgb, ${it.colours.total} ${Math.round(45 * share)}%, transparent)`;
      if (run === best) cell.className = "best";
      return cell;
    })),
  );
  it.table.replaceChildren(make("table", {}, make("tbody", {}, head, ...rows)));
}
