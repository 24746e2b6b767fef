import type { Result } from '../../core/contract.ts'

/** What columns of standard deviations mean, in words; nothing where the model states none. */
export function deviationsText(deviations: Result<'run.predict'>['deviations']): string[] {
  if (!deviations.length) return []
  const names = (of: typeof deviations) => of.map(({ column }) => `"${column}"`).join(', ')
  const scaled = deviations.filter(({ scale }) => scale !== null)
  return [
    `${names(deviations)}: one standard deviation of a new measurement, as the model states it (were its errors normal, 68 % would be smaller); trained, not checked here.`,
    ...(scaled.length
      ? [`${names(scaled)}: learned on another scale; half the width of the range that it becomes in the own unit.`]
      : []),
  ]
}
