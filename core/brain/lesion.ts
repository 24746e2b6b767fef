/**
 * Lesions: silence units, measure each task's drop. A drop is positive where the task got worse; relative to the
 * figure before, so that tasks in different units can stand in one list.
 */
export type TaskFigure = { task: string; before: number | null; after: number | null }
export type TaskDrop = TaskFigure & {
  /** In the metric's unit, positive where worse; null where a figure is missing. */
  drop: number | null
  /** drop / |before|; null where there is nothing to divide by. */
  share: number | null
}

/** Every task's drop, the worst first, tasks without a figure last; ties keep the order given. */
export function drops(figures: readonly TaskFigure[], better: 'lower' | 'higher'): TaskDrop[] {
  return figures
    .map((figure): TaskDrop => {
      const { before, after } = figure
      if (before === null || after === null) return { ...figure, drop: null, share: null }
      const drop = better === 'lower' ? after - before : before - after
      return { ...figure, drop, share: before === 0 ? null : drop / Math.abs(before) }
    })
    .sort((a, b) => (b.share ?? -Infinity) - (a.share ?? -Infinity) || 0)
}

export type UnitLesion = { layer: string; unit: number; figures: readonly TaskFigure[] }
export type RankedUnit = {
  layer: string
  unit: number
  /** Mean relative drop over tasks, null where no task has one. */
  mean: number | null
  worst: TaskDrop | null
  drops: TaskDrop[]
}

/** Units by how much the tasks lose without them, the most needed first. */
export function rankUnits(lesions: readonly UnitLesion[], better: 'lower' | 'higher'): RankedUnit[] {
  return lesions
    .map(({ layer, unit, figures }): RankedUnit => {
      const own = drops(figures, better)
      const shares = own.flatMap((drop) => (drop.share === null ? [] : [drop.share]))
      const mean = shares.length ? shares.reduce((sum, share) => sum + share, 0) / shares.length : null
      return { layer, unit, mean, worst: shares.length ? own[0] : null, drops: own }
    })
    .sort((a, b) => (b.mean ?? -Infinity) - (a.mean ?? -Infinity) || 0)
}
