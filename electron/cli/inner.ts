import type { Result } from '../../core/contract.ts'
import { textTable } from './table.ts'

/** The inner loop of a run as text: what each task gains and how far it pulls, and where the start would be moved. */
export function innerText(map: Result<'run.innerLoop'>): string {
  const { steps, tasks, variance, agreement, directions, cosines, slowed } = map
  const short = (value: number) => String(Number(value.toPrecision(4)))
  const percent = (share: number) => `${Number((100 * share).toPrecision(3))} %`
  return [
    textTable(
      [
        'task',
        'query loss before',
        `after ${steps} ${steps === 1 ? 'step' : 'steps'}`,
        'length of its pull',
        'in the plane',
      ],
      tasks.map(({ id, losses, pull, inPlane }) => [
        id,
        short(losses[0]),
        short(losses[steps]),
        short(pull),
        percent(inPlane),
      ]),
    ),
    '',
    `The plane of the two principal pulls holds ${percent(variance[0] + variance[1])} of their squared length; ` +
      `${percent(agreement)} is common to all tasks.`,
    ...directions.map(({ kind, length }) => `${kind}: length ${short(length)}`),
    ...cosines.map(({ a, b, cosine }) => `cosine of ${a} and ${b}: ${short(cosine)}`),
    ...slowed.map(({ task, factor }) =>
      factor
        ? `${task}: its steps ran away; shown at 1/${Math.round(1 / factor)} of the rate`
        : `${task}: its steps ran away at every rate; it keeps the start`,
    ),
  ].join('\n')
}
