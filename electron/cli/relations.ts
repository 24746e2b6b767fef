import type { Lab } from '../../core/contract.ts'
import { UserError } from '../../core/errors.ts'
import type { ExperimentSpec, RelationsSpec } from '../../core/experiment.ts'
import { methods } from '../../core/methods.ts'
import { learnsTogether } from '../../core/stats/twins.ts'
import type { Relations } from '../../core/relations/relations.ts'
import { relationsSpec } from '../../core/relations/propose.ts'
import type { Output, Status } from './output.ts'
import { DONE, FAILED } from './output.ts'
import { runToEnd, specOf } from './run.ts'
import { duration, textTable } from './table.ts'

export type RelationsOptions = { design?: RelationsSpec['designs']; tasks?: string[]; method?: string; yes?: boolean }

/**
 * `engram relations`: of an experiment of the workspace, what is known; of a spec or a template, what measuring would
 * cost, and with --yes the measuring.
 */
export async function relationsCommand(
  lab: Lab,
  named: string,
  options: RelationsOptions,
  output: Output,
): Promise<Status> {
  const { experiments } = await lab.call('experiment.list', {})
  if (experiments.some(({ id }) => id === named)) {
    const { relations } = await lab.call('experiment.relations', { id: named, method: options.method })
    if (!relations) throw nothingKnown(named)
    output.result({ experiment: named, relations }, relationsText(relations))
    return DONE
  }
  const spec = withRelations(await specOf(lab, named), options)
  const plan = await lab.call('experiment.plan', { spec })
  const { fits, seconds } = plan.relations ?? { fits: 0, seconds: 0 }
  const quote = `${fits} fits on subsets of the tasks in ${plan.trials} trials, about ${duration(plan.seconds)}`
  if (!options.yes) {
    output.result(
      { confirmed: false, fits, seconds: plan.seconds, relationSeconds: seconds, trials: plan.trials, spec: plan.spec },
      `${quote}.\nNothing was started. Add --yes to measure it; --tasks and --design make it smaller.`,
    )
    return DONE
  }
  output.note(quote)
  const finished = await runToEnd(lab, spec, output, true)
  const { relations } = await lab.call('experiment.relations', { id: finished.id, method: options.method })
  if (!relations) throw nothingKnown(finished.id)
  output.result({ experiment: finished.id, status: finished.status, relations }, relationsText(relations))
  return finished.status === 'done' && finished.runs.every((run) => run.status === 'done') ? DONE : FAILED
}

function withRelations(spec: ExperimentSpec, { design, tasks, method }: RelationsOptions): ExperimentSpec {
  const keys = spec.methods.filter(({ id, label }) => method === undefined || [id, label].includes(method))
  const relations = { ...spec.relations, designs: design ?? spec.relations?.designs ?? ['pairs' as const] }
  const proposed = relationsSpec(
    { ...spec, methods: keys.filter(({ id }) => learnsTogether(id)) },
    relations,
    watchable,
  )
  if (!proposed.methods.length)
    throw new UserError({
      code: 'relations.no-method',
      who: 'engram relations',
      rule: 'needs a method of the spec that learns tasks together.',
      got: method ?? spec.methods.map(({ id }) => id).join(', '),
      remedy: 'Add, say, hard-sharing or mean-regularised to the spec.',
    })
  return tasks ? { ...proposed, relations: { ...proposed.relations!, tasks } } : proposed
}

function watchable(id: string): boolean {
  const defaults = methods.find((m) => m.id === id)?.params.parse({})
  return typeof defaults === 'object' && defaults !== null && 'watchConflict' in defaults
}

const nothingKnown = (id: string) =>
  new UserError({
    code: 'relations.none',
    who: `Experiment ${id}`,
    rule: 'must have measured relations, or a network that watched its gradients.',
    got: 'neither',
    remedy: 'Run `engram relations SPEC -w W.engram`, or set watchConflict on the method.',
  })

const MANY = 12
const LISTED = 15
const PAIRS = { pairs: 'every pair against each alone', 'leave-one-out': 'all tasks against all but one' }
const FROM = { ...PAIRS, gain: 'estimate: steps along gradients', cosine: 'estimate: cosine of gradients' }
const RULES = {
  'nadeau-bengio': 'folds, Nadeau and Bengio',
  'paired-groups': 'groups left out in turn',
  seeds: 'training seeds of one fold: says nothing of other rows',
  none: 'none: one fold and one seed',
}

/** For people: matrices of few tasks, the strongest pairs of many. */
export function relationsText(r: Relations): string {
  const names = r.tasks.map(({ id }) => id)
  const lines = [`Relations between ${names.length} tasks (${r.method})`]
  if (r.fits.of) lines.push(`${r.fits.done} of ${r.fits.of} fits${r.fits.refused ? `, ${r.fits.refused} refused` : ''}`)
  for (const reason of r.reasons) lines.push(`Note: ${reason}`)
  for (const { design, effect, low, high, settled, chance } of r.measured) {
    lines.push('', `Measured, ${PAIRS[design]}. What the row gives the column: share of its plain error.`)
    lines.push(`95 % intervals over ${r.interval.n} ${RULES[r.interval.rule]}; * leaves 0 out`)
    lines.push(`(${settled} do; about ${chance.toFixed(1)} would by chance alone)`)
    lines.push(matrixText(names, r.order, effect, (at) => (low[at] !== null && low[at] > 0) || (high[at] !== null && high[at] < 0))) // prettier-ignore
  }
  if (r.estimate) {
    const { gain, looks, runs } = r.estimate
    lines.push('', `Estimate: what a step for the row gives the column (${looks} looks in ${runs} trainings; x 1000)`)
    lines.push(matrixText(names, r.order, gain.map((v) => v && 1000 * v), () => false)) // prettier-ignore
  }
  for (const { estimate, measured, rho, ci95 } of r.agreement)
    lines.push(`${FROM[estimate]} foretold "${PAIRS[measured]}": Spearman ${rho.toFixed(2)}${intervalText(ci95)}, bootstrap over tasks`) // prettier-ignore
  for (const { from, groups, checked } of r.groups) {
    lines.push('', `Groups by ${FROM[from]}${checked ? `: measured gain ${checked.mean.toFixed(3)}${intervalText(checked.ci95)}` : ''}`) // prettier-ignore
    lines.push(...groups.map((group) => `  ${group.map((t) => names[t]).join(', ')}`))
  }
  return lines.join('\n')
}

const intervalText = (ci: [number, number] | null) => (ci ? ` [${ci[0].toFixed(3)}, ${ci[1].toFixed(3)}]` : '')

function matrixText(
  names: string[],
  order: number[],
  values: (number | null)[],
  marked: (at: number) => boolean,
): string {
  const n = names.length
  const said = (at: number) => (values[at] === null ? '' : `${values[at].toFixed(3)}${marked(at) ? '*' : ''}`)
  if (n <= MANY) {
    const head = ['gives', ...order.map((t) => names[t])]
    return textTable(head, order.map((s) => [names[s], ...order.map((t) => said(s * n + t))])) // prettier-ignore
  }
  const known = values.flatMap((value, at) => (value === null ? [] : [{ value, at }]))
  known.sort((a, b) => b.value - a.value)
  const row = ({ at }: { at: number }) => [names[Math.floor(at / n)], names[at % n], said(at)]
  const rows = [...known.slice(0, LISTED), ...known.slice(Math.max(LISTED, known.length - LISTED))].map(row)
  return textTable(['gives', 'to', 'gain'], rows)
}
