import { bothWays } from '../../core/bothWays.ts'
import type { Lab } from '../../core/contract.ts'
import { UserError } from '../../core/errors.ts'
import type { ExperimentSpec } from '../../core/experiment.ts'
import { decimalsOf, written } from '../../core/stats/decimals.ts'
import { sideBySide } from '../../core/stats/sideBySide.ts'
import { english } from '../../core/words/say.ts'
import { DONE, FAILED, type Output, type Status } from './output.ts'
import { runDocument, runToEnd } from './run.ts'
import { textTable } from './table.ts'

/** `engram run SPEC --both-ways`: rows at random and groups whole, and by how much the first flatters. */
export async function runBothWays(lab: Lab, given: ExperimentSpec, output: Output): Promise<Status> {
  const { spec, warnings } = await lab.call('experiment.plan', { spec: given })
  const column = warnings.find(({ code }) => code === 'subjects-split')?.columns[0] ?? null
  const ways = bothWays(spec, { random: 'rows at random', whole: 'groups whole' }, column)
  if (!ways)
    throw new UserError({
      code: 'ways.no-group',
      who: 'engram run --both-ways',
      rule: 'needs a group column, or a protocol that leaves whole tasks out, and folds that are drawn.',
      got: 'a spec without',
      remedy: 'Name the column whose rows belong together in data.roles.group.',
    })
  const whole = await runToEnd(lab, ways.whole, output)
  const random = await runToEnd(lab, ways.random, output)
  const side = sideBySide(random.comparisons[0], whole.comparisons[0], ways.column)
  const decimals = Math.min(decimalsOf(random.comparisons[0]), decimalsOf(whole.comparisons[0]))
  const figure = (mean: number | null, ci: [number, number] | null) =>
    written(mean, decimals) + (ci ? ` (${written(ci[0], decimals)} to ${written(ci[1], decimals)})` : '')
  const table = textTable(
    ['method', `${side.metric}, rows at random`, 'groups whole', 'random flatters by'],
    side.rows.map(({ label, random: a, whole: b, flatters }) => [
      label,
      figure(a.mean, a.ci95),
      figure(b.mean, b.ci95),
      flatters ? figure(flatters.by, flatters.ci95) : '',
    ]),
  )
  const said = side.sentences.map(({ key, params }) => english(key, params)).join(' ')
  output.result({ whole: runDocument(whole), random: runDocument(random), sideBySide: side }, `${said}\n\n${table}`)
  const failed = [whole, random].some(
    ({ status, runs }) => status !== 'done' || runs.some((r) => r.status === 'failed'),
  )
  return failed ? FAILED : DONE
}
