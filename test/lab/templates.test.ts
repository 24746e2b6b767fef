import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { method, paramsOf } from '../../core/methods.ts'
import { metricOf } from '../../core/stats/metrics.ts'
import { specOf, templates, templatesOn } from '../../core/templates/index.ts'
import { openLab, refused } from './labs.ts'
import type { TestLab } from './labs.ts'
import { tempFolder } from './places.ts'

const folder = tempFolder()
let lab: TestLab
beforeAll(async () => {
  lab = await openLab({ workspacePath: path.join(folder, 'templates.engram') })
})
afterAll(() => lab.close())

test('a template is a spec of known methods and metrics, and its id stands once', () => {
  for (const template of templates) {
    const spec = specOf(template)
    for (const { id, params } of spec.methods) paramsOf(method(id), params)
    for (const metric of spec.metrics) expect(metricOf(metric), `${template.id}: ${metric}`).toBeDefined()
  }
  expect(new Set(templates.map(({ id }) => id)).size).toBe(templates.length)
})

test('samples and made-up tasks are ready at once', async () => {
  const list = (await lab.call('templates.list', {})).templates
  for (const { id } of list.filter(({ kind }) => kind !== 'published')) {
    const { spec } = await lab.call('templates.spec', { id })
    expect((await lab.call('experiment.plan', { spec })).trials, id).toBeGreaterThan(0)
  }
})

test('a template without its data set asks for it by name, source and rows', async () => {
  const error = await refused(lab.call('templates.spec', { id: 'school' }))
  expect(error.code).toBe('template.needs-data')
  expect(error.rule).toMatch(/school\.csv \(15362 rows; .*MALSAR/)
  expect((await refused(lab.call('templates.spec', { id: 'scool' }))).code).toBe('unknown-template')
})

// Public benchmark tables beside the repository; their terms forbid a copy inside it.
const data = fileURLToPath(new URL('../../../shared/data/', import.meta.url))
const present = fs.existsSync(data)
if (!present) console.warn('skipped: ../shared/data is absent, templates are not tried on their data')

describe.skipIf(!present)('on the published files', () => {
  const where = new Map(
    present
      ? fs.readdirSync(data).flatMap((set) => fs.readdirSync(path.join(data, set)).map((file) => [file, set] as const))
      : [],
  )

  test.each(templates.map((template) => [template.id, template] as const))(
    '%s knows its file by its content, and can be run',
    async (id, template) => {
      const file = path.join(data, where.get(template.data.file) as string, template.data.file)
      const opened = await lab.call('data.open', { files: [{ path: file }] })
      expect(opened.hash).toBe(template.data.hash)
      expect(opened.summary.rows).toBe(template.data.rows)
      // The first template on a data set says its roles.
      expect(opened.roles?.targets).toEqual(specOf(templatesOn(template.data.hash)[0]).data.roles?.targets)
      const { spec } = await lab.call('templates.spec', { id })
      const plan = await lab.call('experiment.plan', { spec })
      expect(plan.trials).toBeGreaterThan(spec.methods.length)
    },
    60_000,
  )
})
