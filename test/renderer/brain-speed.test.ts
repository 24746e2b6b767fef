import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Page } from 'playwright-core'
import { findChromium, openStage } from './stage/serve.ts'
import type { Stage } from './stage/serve.ts'

/**
 * The brain view with 100,000 weights: script and layout of a frame, read from Chromium's own trace (events of script,
 * style and layout on the main thread), stay under 8 ms in 95 of 100 frames while the
 * slider goes through its whole range, the pointer wanders over units, and the keyboard walks.
 */
const chromium = findChromium()
if (!chromium) console.warn('brain-speed: skipped, there is no Chromium (set CHROMIUM to its path)')

type TraceEvent = {
  name: string
  ph: string
  ts: number
  dur?: number
  tts?: number
  tdur?: number
  tid: number
  pid: number
}
const WORK = new Set([
  'FunctionCall', 'EvaluateScript', 'FireAnimationFrame', 'TimerFire', 'EventDispatch', 'RunMicrotasks', 'v8.callFunction',
  'Layout', 'UpdateLayoutTree', 'PrePaint', 'IntersectionObserverController::computeIntersections', 'MinorGC', 'MajorGC',
]) // prettier-ignore

/**
 * Milliseconds of script and layout in every frame that had any. A frame ends with its commit. The time is that of the
 * thread, so that other programs on the machine do not count; of nested events the outermost counts.
 */
export function framesOf(events: TraceEvent[]): number[] {
  const main = events.find((e) => e.name === 'FireAnimationFrame')
  if (!main) throw new Error('no animation frame in the trace')
  const own = events.filter((e) => e.ph === 'X' && e.pid === main.pid && e.tid === main.tid)
  const commits = own.filter((e) => e.name === 'Commit').map((e) => e.ts)
  const work = own.filter((e) => WORK.has(e.name)).sort((a, b) => a.ts - b.ts || (b.dur ?? 0) - (a.dur ?? 0))
  const frames = new Map<number, number>()
  let end = 0
  for (const event of work) {
    if (event.ts < end) continue
    end = event.ts + (event.dur ?? 0)
    const frame = commits.filter((ts) => ts <= event.ts).length
    frames.set(frame, (frames.get(frame) ?? 0) + (event.tdur ?? event.dur ?? 0) / 1000)
  }
  return [...frames.values()]
}

const percentile = (values: number[], share: number) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))]

describe.skipIf(!chromium)('brain view, 100,000 weights', () => {
  let stage: Stage
  let page: Page
  beforeAll(async () => {
    stage = await openStage(chromium as string)
    page = await stage.browser.newPage({ viewport: { width: 1280, height: 800 } })
    await page.goto(`${stage.url}?units=273#/brain/cars-hard-sharing-all`)
    await page.locator('.walker').waitFor()
    await page.waitForTimeout(1000)
  })
  afterAll(() => stage?.close())

  const frame = () => page.evaluate(() => new Promise((done) => requestAnimationFrame(done)))
  async function trace(act: () => Promise<void>): Promise<number[]> {
    await stage.browser.startTracing(page, {
      categories: ['devtools.timeline', 'v8', 'disabled-by-default-devtools.timeline'],
    })
    await act()
    const text = (await stage.browser.stopTracing()).toString('utf8')
    return framesOf((JSON.parse(text) as { traceEvents: TraceEvent[] }).traceEvents)
  }

  test('has 100,000 weights to draw', async () => {
    const text = await page.locator('[data-shown]').innerText()
    expect(Number(/of ([\d,]+)/.exec(text)?.[1].replaceAll(',', ''))).toBeGreaterThanOrEqual(99_000)
  })

  // The noise of a busy machine only ever adds time: a second look may be had.
  test('slider, pointer and keyboard stay under 8 ms a frame', { retry: 2, timeout: 120_000 }, async () => {
    const slider = page.locator('input[type=range]')
    const set = (position: number) =>
      slider.evaluate((node: HTMLInputElement, at) => {
        node.value = String(at)
        node.dispatchEvent(new Event('input', { bubbles: true }))
      }, position)
    const measured: Record<string, number> = {}
    const all: number[] = []
    const parts: [string, () => Promise<void>][] = [
      ['slider', async () => {
        for (let i = 0; i <= 60; i++) { await set(i / 60); await frame() }
        for (let i = 60; i >= 0; i -= 2) { await set(i / 60); await frame() }
        await set(1)
        for (let i = 0; i < 60; i++) await frame()
      }],
      ['pointer', async () => {
        for (let i = 0; i < 80; i++) { await page.mouse.move(250 + i * 9, 180 + ((i * 37) % 480)); await frame() }
      }],
      ['keyboard', async () => {
        await page.locator('.walker').focus()
        for (let i = 0; i < 60; i++) { await page.keyboard.press(i % 20 === 19 ? 'ArrowRight' : 'ArrowDown'); await frame() }
      }],
    ] // prettier-ignore
    for (const [name, act] of parts) {
      const frames = await trace(act)
      measured[name] = percentile(frames, 0.95)
      all.push(...frames)
    }
    const p95 = percentile(all, 0.95)
    console.info(`brain-speed: p95 ${p95.toFixed(2)} ms over ${all.length} frames`, measured)
    expect(all.length).toBeGreaterThan(150)
    expect(p95).toBeLessThanOrEqual(8)
  })
})
