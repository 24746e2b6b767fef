import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { cell } from '../../core/data/summary.ts'
import { makeFolds } from '../../core/data/splits.ts'
import { propose } from '../../core/propose.ts'
import { openFiles, preview } from '../../electron/lab/importers/open.ts'
import { good } from '../corpus/files.ts'

const place = (name: string) => fileURLToPath(new URL(`../corpus/good/${encodeURIComponent(name)}`, import.meta.url))

describe('the good files of the corpus', () => {
  for (const { files, expect: wanted } of good) {
    const refs = files.map(([name]) => ({ name, path: place(name) }))
    test(files.map(([name]) => name).join(' + '), async () => {
      for (const [name, bytes] of files) expect(Buffer.from(bytes).equals(readFileSync(place(name)))).toBe(true)
      const steps: number[] = []
      const { table, summary, read, suggestedTargets } = await openFiles(refs, {}, ({ done }) => steps.push(done))
      expect(table.rows).toBe(wanted.rows)
      expect(summary.columns.map((c) => `${c.name}:${c.kind[0]}${c.missing ? `:m${c.missing}` : ''}`)).toEqual(
        wanted.columns,
      )
      for (const [row, name, value] of wanted.cells) {
        const column = table.columns.find((c) => c.name === name)
        expect(column && cell(column, row), `${name}, row ${row}`).toBe(value)
      }
      if (wanted.read) expect(read).toMatchObject(wanted.read)
      expect(suggestedTargets).toEqual(wanted.suggestedTargets)
      expect(steps.at(-1)).toBe(1)
      expect(steps).toEqual([...steps].sort((a, b) => a - b))

      // Read again with what was found: the same table.
      expect((await openFiles(refs, read)).table.hash).toBe(table.hash)

      const seen = await preview(refs)
      expect(seen.names).toEqual(table.columns.map((c) => c.name))
      expect(seen.rows.length).toBe(Math.min(20, table.rows))
      expect(seen.read).toEqual(read)

      // Drop, run, no edits: what is proposed can be run.
      const proposal = propose(summary)
      expect(proposal.runnable).toBe(true)
      const set = buildTaskSet(table, proposal.roles)
      const folds = makeFolds(set, proposal.evaluation)
      expect(folds.length).toBeGreaterThan(1)
      for (const fold of folds) expect(fold.train.length + fold.test.length).toBe(table.rows)
      if (suggestedTargets) expect(proposal.roles.targets).toEqual(suggestedTargets)
    })
  }
})
