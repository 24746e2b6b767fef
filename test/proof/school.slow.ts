import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serve } from '../e2e/served.ts'
import type { Served } from '../e2e/served.ts'
import { CHROMIUM, launch } from '../renderer/window.ts'
import { haveShared, SHARED, unlessAbsent } from './engram.ts'

/** 139 schools with what the lab itself proposes, and the window over it: every task in five keys, no label clipped. */
describe.skipIf(!haveShared)(`139 schools${unlessAbsent}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'engram-school-'))
  let served: Served
  let id: string
  beforeAll(async () => void (served = await serve(join(folder, 'school.engram'))))
  afterAll(async () => {
    await served?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('the proposal runs to its end in about the time that was said', async () => {
    const { lab } = served
    const { hash } = await lab.call('data.open', { files: [{ path: join(SHARED, 'data/school/school.csv') }] })
    const roles = { targets: ['score'], task: 'school' }
    const { spec } = await lab.call('experiment.propose', { hash, roles })
    const ids = (await lab.call('experiment.plan', { spec })).perMethod.map((method) => method.id)
    expect(ids).toEqual(expect.arrayContaining(['ridge', 'pooled-mlp', 'pooled-mlp-intercepts', 'hard-sharing']))
    const { seconds: said } = await lab.call('experiment.plan', { spec })
    const from = performance.now()
    id = (await lab.call('experiment.run', { spec })).id
    const line = async () => (await lab.call('experiment.get', { id })).line
    while (!['done', 'failed', 'stopped'].includes((await line()).status)) await new Promise((r) => setTimeout(r, 500))
    const took = (performance.now() - from) / 1000
    console.log(`school: ${took.toFixed(0)} s, said ${said.toFixed(0)} s`)
    const { status, trials } = await line()
    expect([status, trials.failed]).toEqual(['done', 0])
    // Half to four times: the machine may be shared with others.
    expect(took / said).toBeGreaterThan(0.5)
    expect(took / said).toBeLessThan(4)
    const comparison = await lab.call('experiment.compare', { ids: [id] })
    expect(comparison.tasks).toHaveLength(139)
    const mean = (key: string) => comparison.methods.find((m) => m.key === key)!.overall.mean!
    expect(mean('hard-sharing')).toBeLessThan(mean('ridge'))
    expect(mean('pooled-ridge-intercepts')).toBeLessThan(mean('ridge'))
  })

  describe.skipIf(!CHROMIUM)(`the window${CHROMIUM ? '' : ' (skipped: no Chromium)'}`, () => {
    let browser: Browser
    let page: Page
    beforeAll(async () => {
      browser = await launch()
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB' })
      page = await context.newPage()
      await page.goto(served.url)
      await page.getByRole('navigation').waitFor()
      await page.evaluate((id) => (location.hash = `#/compare/${id}`), id)
      await page.getByText('Task by task', { exact: true }).waitFor()
    })
    afterAll(() => browser?.close())

    it('finds any task in at most five keys', async () => {
      for (const school of [1, 13, 98, 139]) {
        const keys = ['Control+f', ...String(school), 'Enter']
        expect(keys.length).toBeLessThanOrEqual(5)
        for (const key of keys) await page.keyboard.press(key)
        await page.getByRole('heading', { name: `school=${school}`, exact: true }).waitFor({ timeout: 3000 })
      }
    })

    it('clips no label', async () => {
      for (const tab of ['Task by task', 'Methods', 'Methods × tasks', 'Curves', 'Runs']) {
        await page.getByText(tab, { exact: true }).first().click()
        await page.waitForTimeout(1000)
        expect(await page.evaluate(clipped), tab).toEqual([])
      }
      await page.getByRole('navigation').getByText('Brain').click()
      await page.locator('canvas').first().waitFor()
      await page.waitForTimeout(1000)
      expect(await page.evaluate(clipped), 'Brain').toEqual([])
    })
  })
})

/** Runs in the page: texts that are wider than their box, tables pressed flat or cut at the side. */
function clipped(): string[] {
  const found: string[] = []
  for (const element of document.querySelectorAll<HTMLElement>('main *, nav *, aside *, footer *')) {
    if (element.closest('.visually-hidden') || !element.clientWidth || !element.innerText?.trim()) continue
    const { overflowX } = getComputedStyle(element)
    const name = `${element.tagName}.${element.className}: ${element.innerText.trim().slice(0, 60)}`
    if (overflowX !== 'visible' && element.scrollWidth > element.clientWidth + 1) found.push(`too narrow: ${name}`)
    const flat = element.querySelector('table') && overflowX !== 'visible' && element.clientHeight < 60
    if (flat && element.scrollHeight > element.clientHeight + 1) found.push(`pressed flat: ${name}`)
  }
  return found
}
