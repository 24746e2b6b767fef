/**
 * Fitted on the sets of tasks that were tried, and judged on those held out: docs/enough-tasks.md has the sets, and a test
 * works it out again from test/enough/table.json.
 */
export const CALIBRATION = {
  /** [level, then one for each of `signs`]. */
  weights: [-0.249, 0.713, 1.535, 0.411, -0.31],
  tried: 19,
  heldOut: {
    n: 20,
    advice: { hits: 17, brier: 0.1137 },
    always: { hits: 8, brier: 0.6 },
    never: { hits: 12, brier: 0.4 },
  },
}
