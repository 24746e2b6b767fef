import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Lab } from '../../core/contract.ts'
import { FROM_SOURCE, ROOT } from '../places.ts'
import { comparisonText } from '../../core/report/text.ts'
import type { Output, Status } from './output.ts'
import { DONE, FAILED } from './output.ts'
import { runDocument, runToEnd, specOf } from './run.ts'

/** The sample with two targets, missing values and a task column (Chambers, Cleveland, Kleiner and Tukey 1983). */
const SAMPLE = 'cars'

/** From a built-in table to a verdict and a report, without a screen. */
export async function demo(lab: Lab, file: string | undefined, output: Output): Promise<Status> {
  const finished = await runToEnd(lab, await specOf(lab, SAMPLE), output)
  const { html } = await lab.call('experiment.report', { ids: [finished.id], language: 'en' })
  const report = resolve(file ?? (FROM_SOURCE ? join(ROOT, 'out', 'demo-report.html') : 'engram-demo-report.html'))
  await mkdir(dirname(report), { recursive: true })
  await writeFile(report, html)
  output.result(
    { ...runDocument(finished), report },
    `${comparisonText(finished.comparisons[0])}\n\nThe report was written to ${report}`,
  )
  return finished.status === 'done' && finished.runs.every((run) => run.status === 'done') ? DONE : FAILED
}
