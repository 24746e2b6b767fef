import { UserError } from '../../core/errors.ts'
import type { Output } from './output.ts'
import type { MakeLab } from './session.ts'
import { withLab } from './session.ts'
import { textTable } from './table.ts'

export const WHAT = ['datasets', 'methods', 'templates', 'runs'] as const

/** `engram list WHAT`: the lab's lists as a table. */
export async function list(
  what: string,
  options: { workspace?: string },
  make: MakeLab,
  output: Output,
): Promise<void> {
  if (!WHAT.some((known) => known === what)) {
    const rule = `lists one of ${WHAT.join(', ')}.`
    throw new UserError({
      code: 'unknown-list',
      who: 'engram list',
      rule,
      got: `"${what}"`,
      remedy: 'Name one of them.',
    })
  }
  if ((what === 'datasets' || what === 'runs') && !options.workspace) {
    const rule = `needs a workspace to list its ${what}.`
    const remedy = 'Name it with -w FILE.engram.'
    throw new UserError({ code: 'no-workspace', who: 'engram list', rule, got: 'none', remedy })
  }
  await withLab(make, { ...options, existing: options.workspace !== undefined }, async (lab) => {
    if (what === 'datasets') {
      const { datasets } = await lab.call('data.list', {})
      const rows = datasets.map((d) => [d.name, String(d.rows), String(d.columns), d.addedAt, d.hash])
      output.result({ datasets }, textTable(['name', 'rows', 'columns', 'added', 'hash'], rows))
    } else if (what === 'methods') {
      const { methods } = await lab.call('methods.list', {})
      const rows = methods.map((m) => [m.id, m.family])
      const about = methods.map((m) => `${m.id}: ${m.about}`).join('\n')
      output.result({ methods }, `${textTable(['method', 'family'], rows)}\n\n${about}`)
    } else if (what === 'templates') {
      const { templates } = await lab.call('templates.list', {})
      const needs = (file: (typeof templates)[number]['file']) => (!file ? '-' : file.here ? 'here' : file.name)
      const rows = templates.map(({ id, title, file }) => [id, needs(file), title])
      output.result({ templates }, textTable(['template', 'needs', 'about'], rows))
    } else {
      const { experiments } = await lab.call('experiment.list', {})
      const full = await Promise.all(
        experiments.map(async (line) => ({ ...line, runs: (await lab.call('experiment.get', { id: line.id })).runs })),
      )
      const rows = full.flatMap(({ id, name, runs }) =>
        runs.map((run) => {
          const [metric, figures] = Object.entries(run.metrics)[0] ?? ['', { value: null }]
          const shown = metric ? `${metric} ${figures.value?.toPrecision(4) ?? '-'}` : '-'
          return [run.id, id, name, run.methodKey, String(run.fold), run.status, shown]
        }),
      )
      const head = ['run', 'experiment', 'name', 'method', 'fold', 'status', 'figure']
      output.result({ experiments: full }, textTable(head, rows))
    }
  })
}
