import fs from 'node:fs'
import path from 'node:path'
import type { Lab, Notice, RunSummary } from '../../core/contract.ts'
import type { RunEvent } from '../../core/events.ts'
import type { ExperimentSpec } from '../../core/experiment.ts'
import { UserError } from '../../core/errors.ts'
import { createLab, type LabOptions } from '../../electron/lab/service.ts'

export type TestLab = Awaited<ReturnType<typeof createLab>> & { notices: Notice[] }

export async function openLab(options: Partial<LabOptions> & { workspacePath: string }): Promise<TestLab> {
  const notices: Notice[] = []
  const lab = await createLab({
    host: 'desktop',
    workers: 2,
    ...options,
    onNotice(notice) {
      notices.push(notice)
      options.onNotice?.(notice)
    },
  })
  return { ...lab, notices }
}

/** Two targets that follow three inputs, one of them words; with a task column, a missing target, and Chinese. */
export function writeCsv(folder: string, rows = 60, name = 'field.csv'): string {
  const file = path.join(folder, name)
  const wave = (i: number, k: number) => Math.sin(i * 12.9898 + k * 78.233)
  const lines = Array.from({ length: rows }, (_, i) => {
    const [a, b] = [wave(i, 1), wave(i, 2)]
    const soil = ['clay', 'sand', 'loam'][i % 3]
    const y = 2 * a - b + (i % 3) + 0.1 * wave(i, 3)
    const z = a + b - (i % 3) + 0.1 * wave(i, 4)
    return [a.toFixed(4), b.toFixed(4), soil, i % 2 ? '北' : '南', i % 11 ? y.toFixed(4) : '', z.toFixed(4)].join(',')
  })
  fs.writeFileSync(file, ['a,b,soil,site,产量,z', ...lines].join('\n'))
  return file
}

export const ROLES = { targets: ['产量', 'z'], ignore: ['site'] }

/** Runs a spec to its end. */
export async function run(lab: Lab, spec: object): Promise<{ id: string; runs: RunSummary[]; status: string }> {
  const { id } = await lab.call('experiment.run', { spec: spec as ExperimentSpec })
  return ended(lab, id)
}

export async function ended(lab: Lab, id: string): Promise<{ id: string; runs: RunSummary[]; status: string }> {
  for (;;) {
    const { line, runs } = await lab.call('experiment.get', { id })
    if (['done', 'failed', 'stopped'].includes(line.status)) return { id, runs, status: line.status }
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
}

/** All events of an experiment by trial. */
export async function eventsOf(lab: Lab, id: string): Promise<Map<string, RunEvent[]>> {
  const { runs } = await lab.call('experiment.get', { id })
  const all = new Map<string, RunEvent[]>()
  for (const { id: run, trial } of runs) all.set(trial, (await lab.call('run.events', { run })).events)
  return all
}

/** Resolves when `is` holds of a notice, past or to come. */
export async function until(lab: TestLab, is: (notice: Notice) => boolean): Promise<void> {
  while (!lab.notices.some(is)) await new Promise((resolve) => setTimeout(resolve, 10))
}

export async function refused(answer: Promise<unknown>): Promise<UserError['json']> {
  try {
    await answer
  } catch (error) {
    if (error instanceof UserError) return error.json
    throw error
  }
  throw new Error('it was not refused')
}

export async function blobOf(lab: Lab, hash: string): Promise<Buffer> {
  const pieces: Buffer[] = []
  for (let offset = 0; ;) {
    const { bytes, size } = await lab.call('blob', { hash, offset })
    pieces.push(Buffer.from(bytes, 'base64'))
    offset += pieces.at(-1)!.length
    if (offset >= size) return Buffer.concat(pieces)
  }
}
