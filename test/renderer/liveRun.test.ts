import { expect, test } from 'vitest'
import type { RunEvent } from '../../core/events.ts'
import { LiveRun } from '../../renderer/lab/liveRun.svelte.ts'
import { courses, curvePicture, told } from '../../renderer/views/experiment/curvePicture.ts'

const metric = (seq: number, step: number, value: number | null, task: string | null = null): RunEvent => ({
  trial: 't',
  seq,
  type: 'metric',
  name: 'loss',
  split: 'train',
  task,
  step,
  value,
})

test('events make curves; those seen already change nothing', () => {
  const run = new LiveRun('r')
  expect(run.take([metric(0, 1, 0.5), metric(1, 2, 0.25)])).toBe(true)
  expect(run.take([metric(1, 2, 99), metric(2, 3, null), metric(3, 4, 0.1)])).toBe(true)
  expect([...run.curves.values()]).toEqual([
    { name: 'loss', split: 'train', task: null, steps: [1, 2, 4], values: [0.5, 0.25, 0.1] },
  ])
  expect(run.next).toBe(4)
})

test('a gap is noticed, and what came before it is kept', () => {
  const run = new LiveRun('r')
  expect(run.take([metric(0, 1, 0.5), metric(2, 3, 0.3)])).toBe(false)
  expect(run.next).toBe(1)
  expect(run.take([metric(1, 2, 0.4), metric(2, 3, 0.3)])).toBe(true)
  expect([...run.curves.values()][0].values).toEqual([0.5, 0.4, 0.3])
})

test('progress and end are told', () => {
  const run = new LiveRun('r')
  run.take([
    { trial: 't', seq: 0, type: 'progress', done: 3, of: 10 },
    { trial: 't', seq: 1, type: 'end', status: 'stopped' },
  ])
  expect([run.done, run.of, run.status]).toEqual([3, 10, 'stopped'])
})

test('curves over all tasks and by task are two pictures', () => {
  const run = new LiveRun('r')
  run.take([metric(0, 1, 1), metric(1, 2, 0.5), metric(2, 1, 3, 'Y2'), metric(3, 2, 2, 'Y2')])
  const curves = [...run.curves.values()]
  expect(courses(curves)).toEqual(['loss'])
  expect(told('loss', curves)).toEqual({ overall: true, byTask: true })
  const overall = curvePicture('loss', curves, ['Y1', 'Y2'], 'title', false)
  expect(overall.series.map((series) => series.points)).toEqual([
    [
      [1, 1],
      [2, 0.5],
    ],
  ])
  const byTask = curvePicture('loss', curves, ['Y1', 'Y2'], 'title', true)
  expect(byTask.series.map(({ hue, label }) => [hue, label])).toEqual([[{ of: 'task', index: 1 }, 'Y2, training rows']])
})
