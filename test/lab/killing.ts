import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import type { RunEvent } from '../../core/events.ts'
import { Workspace } from '../../electron/lab/workspace/workspace.ts'

const child = fileURLToPath(new URL('./labChild.ts', import.meta.url))

/** A network that trains for some seconds, with checkpoints on the way, beside quick baselines. */
const specOf = (epochs: number) => ({
  name: 'killed',
  data: { sample: 'cars' },
  methods: [{ id: 'hard-sharing', params: { epochs, patience: 0, hidden: [32, 32] } }, { id: 'ridge' }],
  evaluation: { folds: 3 },
  twins: false,
})

export type Saved = Map<string, RunEvent[]>

/** Runs a lab until it is done, or kills it (-9) `after` ms from its first word. True where it came to its end. */
export function runLab(
  workspace: string,
  { runtime, workers, epochs, after }: { runtime: string; workers: number; epochs: number; after?: number },
  saved: Saved,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const lab = spawn(
      process.execPath,
      [
        '--disable-warning=ExperimentalWarning',
        child,
        workspace,
        runtime,
        String(workers),
        JSON.stringify(specOf(epochs)),
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    )
    let done = false
    let errors = ''
    let timer: NodeJS.Timeout | undefined
    lab.stderr.on('data', (text: Buffer) => (errors += text.toString()))
    const lines = createInterface({ input: lab.stdout })
    lines.on('line', (text) => {
      if (after !== undefined) timer ??= setTimeout(() => lab.kill('SIGKILL'), after)
      let line: { run?: string; events?: RunEvent[]; fault?: unknown; done?: boolean }
      try {
        line = JSON.parse(text) as typeof line
      } catch {
        return // cut off in mid-line: not reported
      }
      if (line.fault) reject(new Error(JSON.stringify(line.fault)))
      if (line.run) saved.set(line.run, [...(saved.get(line.run) ?? []), ...(line.events as RunEvent[])])
      if (line.done) done = true
    })
    lab.on('error', reject)
    lab.on('close', (code, signal) => {
      clearTimeout(timer)
      if (done || signal === 'SIGKILL') resolve(done)
      else reject(new Error(`the lab ended with ${code ?? signal}: ${errors}`))
    })
  })
}

/** What the workspace holds, by trial: all events of every run, in order. */
export function contentOf(workspace: string): Map<string, { id: string; status: string; events: RunEvent[] }> {
  const w = new Workspace(workspace)
  expect(w.warning).toBeNull()
  const [experiment] = w.records.experiments()
  const runs = w.records.runs(experiment.id)
  const content = new Map(
    runs.map((run) => [run.trial, { id: run.id, status: run.status as string, events: w.records.events(run) }]),
  )
  for (const run of runs) {
    if (run.blobs.model) w.blobs.need(run.blobs.model)
    if (run.blobs.predictions) w.blobs.need(run.blobs.predictions)
  }
  w.close()
  return content
}

/** Every event that was reported as saved is in the workspace, as it was reported. */
export function expectAllSaved(workspace: string, saved: Saved): number {
  const content = new Map([...contentOf(workspace).values()].map((run) => [run.id, run.events]))
  let checked = 0
  for (const [run, events] of saved)
    for (const event of events) {
      expect(content.get(run)?.[event.seq]).toEqual(event)
      checked++
    }
  return checked
}

/**
 * Kills a lab again and again, then lets it come to its end, and compares everything it said with a run that nobody
 * disturbed. Answers how many kills hit it while it worked.
 */
export async function killAndCompare(
  prefix: string,
  kills: number,
  runtime: string,
  workers: number,
  most: number,
  epochs: number,
) {
  const quiet = `${prefix}quiet-${runtime}.engram`
  const killed = `${prefix}killed-${runtime}.engram`
  expect(await runLab(quiet, { runtime, workers, epochs }, new Map())).toBe(true)
  const saved: Saved = new Map()
  let hits = 0
  let checked = 0
  for (let k = 0; k < kills; k++) {
    const after = Math.random() * most
    if (await runLab(killed, { runtime, workers, epochs, after }, saved)) break
    hits++
    checked = expectAllSaved(killed, saved)
  }
  if (hits === kills) expect(await runLab(killed, { runtime, workers, epochs }, saved)).toBe(true)
  const [there, here] = [contentOf(quiet), contentOf(killed)]
  expect([...here.keys()]).toEqual([...there.keys()])
  for (const [trial, run] of here) {
    expect(run.status).toBe('done')
    expect(run.events).toEqual(there.get(trial)?.events)
  }
  return { hits, checked }
}
