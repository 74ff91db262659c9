import { planCarried, type Carried } from "./carried.ts";
import { look, type Seen } from "./look.ts";
import type { Plan, Planning } from "./planning.ts";
import { below } from "./raw-path.ts";
import { StepList } from "./step-list.ts";
import { touchedBy } from "./touched.ts";

/** The tree, or the file, changes places as a whole. */
export function planWhole(planning: Planning): Plan {
  const { live, slot, bar } = planning;
  const steps = new StepList(planning.work);
  const [old, fresh] = [look(live), look(slot)];
  if (old === undefined && fresh === undefined) return { steps: [], touched: [] };
  const barSeen = bar === undefined ? undefined : look(bar.path);
  if (planning.carry.includes("")) return planGuard(planning, old, barSeen);
  const carried = planCarried(planning, new Set([]));
  let standing = old;
  if (bar === undefined) {
    steps.trade("swap", [live, old], [slot, fresh], true);
  } else {
    const barsTree = old?.stat.isDirectory() === true;
    const at = barsTree ? below(live, bar.name) : live;
    const after = barsTree ? below(slot, bar.name) : slot;
    const barred = look(at);
    steps.trade("bar", [at, barred], [bar.path, barSeen]);
    if (!barsTree) standing = barSeen;
    steps.trade("lift", [live, standing], [slot, fresh], true);
    const staysToo = carried.some(({ relative }) => barsTree && relative === bar.name);
    if (staysToo || barred === undefined) {
      steps.move("tidy", after, `${bar.path}-out`, barSeen);
    } else steps.trade("tidy", [after, barSeen], [bar.path, barred]);
  }
  carry(steps, planning, carried);
  return { steps: steps.sorted(), touched: touchedBy(steps.list, planning, carried) };
}

/** It stays, and something stands in for it meanwhile. */
function planGuard(planning: Planning, old: Seen | undefined, barSeen: Seen | undefined): Plan {
  const { live, bar } = planning;
  const steps = new StepList(planning.work);
  if (bar !== undefined && old !== undefined) {
    steps.trade("bar", [live, old], [bar.path, barSeen]);
    // By another name than the bar's: where both are tells how far the steps have come.
    steps.move("carry", bar.path, `${bar.path}-kept`, old);
    steps.trade("lift", [live, barSeen], [`${bar.path}-kept`, old]);
  }
  return { steps: steps.sorted(), touched: [] };
}

/** What stays goes over. What the bar stands in for waits where the bar was. */
export function carry(steps: StepList, { live, slot, bar }: Planning, carried: Carried[]): void {
  for (const { relative, seen } of carried) {
    const from = bar !== undefined && relative === bar.name ? bar.path : below(live, relative);
    steps.move("carry", from, below(slot, relative), seen);
  }
}
