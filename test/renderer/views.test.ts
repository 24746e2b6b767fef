import { readFileSync } from 'node:fs'
import type { Download, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { faultsOf } from './axe.ts'
import { findChromium, openStage } from './stage/serve.ts'
import type { Stage } from './stage/serve.ts'

/** Compare, Brain and Learn as a person uses them: the window in real Chromium under its policy, over a made-up lab. */
const chromium = findChromium()
if (!chromium) console.warn('views: skipped, there is no Chromium (set CHROMIUM to its path)')

describe.skipIf(!chromium)('views in a browser', () => {
  let stage: Stage
  beforeAll(async () => {
    stage = await openStage(chromium as string)
  })
  afterAll(() => stage?.close())

  type Options = { theme?: 'light' | 'dark'; language?: 'en' | 'zh' }
  /** Opens a place, does something there, and asks that nothing was thrown and no policy broken. */
  async function at(
    place: string,
    use: (page: Page) => Promise<void>,
    { theme = 'light', language = 'en' }: Options = {},
  ) {
    const context = await stage.browser.newContext({
      viewport: { width: 1280, height: 800 },
      colorScheme: theme,
      locale: language === 'zh' ? 'zh-CN' : 'en-GB',
    })
    const page = await context.newPage()
    const wrong: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error' || /policy/i.test(message.text())) wrong.push(message.text())
    })
    page.on('pageerror', (error) => wrong.push(String(error)))
    await page.goto(`${stage.url}#${place}`)
    await use(page)
    await context.close()
    expect(wrong).toEqual([])
  }

  async function saved(page: Page, format: RegExp): Promise<Download> {
    await page
      .getByRole('button', { name: /Save as|保存为/ })
      .first()
      .click()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: format }).click(),
    ])
    return download
  }
  const bytes = async (download: Download) => readFileSync(await download.path())

  const SCREENS: [string, string][] = [
    ['/compare/cars', '.scroller'],
    ['/compare/school?tab=tasks&task=exam%40school%3D9', '.scroller'],
    ['/compare/school?tab=methods', '.scroller'],
    ['/compare/school?tab=heat', '.scroller'],
    ['/compare/school?tab=relations', '.scroller'],
    ['/compare/cars?tab=relations', '.cost'],
    ['/compare/cars?tab=curves', '.scroller'],
    ['/compare/cars?tab=runs', '[role=table]'],
    ['/brain/cars-hard-sharing-all', '.walker'],
    ['/learn', 'svg[role=group]'],
  ]
  test.each((['light', 'dark'] as const).flatMap((theme) => SCREENS.map(([place, ready]) => [theme, place, ready])))(
    'axe finds nothing (%s, %s)',
    async (theme, place, ready) => {
      await at(place, async (page) => {
        await page.locator(ready).first().waitFor()
        expect(await faultsOf(page)).toEqual([])
      }, { theme: theme as 'light' | 'dark', language: theme === 'dark' ? 'zh' : 'en' }) // prettier-ignore
    },
  )

  test('any of 139 tasks in five keys; nothing is wider than the window', async () => {
    await at('/compare/school?tab=tasks', async (page) => {
      await page.locator('.scroller').waitFor()
      for (const key of ['Control+f', '1', '3', '7', 'Enter']) await page.keyboard.press(key)
      await page.getByRole('complementary').getByRole('heading', { name: 'exam@school=137' }).waitFor()
      expect(new URL(page.url()).hash).toContain('task=exam%40school%3D137')
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(1280)
    })
  })

  test('which helps which: a matrix of 139 tasks, any of them in five keys, intervals told by keyboard', async () => {
    await at('/compare/school?tab=relations', async (page) => {
      const drawing = page.locator('.scroller')
      await drawing.waitFor()
      await drawing.focus()
      for (const key of ['ArrowDown', 'ArrowRight']) await page.keyboard.press(key)
      // In the order of families: the first helps the second of its own.
      await page.locator('[aria-live]').getByText(/^1 · exam@school=1, exam@school=4: 0\.\d+ \[.*\]/).waitFor({ state: 'attached' })
      for (const key of ['Control+f', '1', '3', '7', 'Enter']) await page.keyboard.press(key)
      await page.getByRole('heading', { name: 'What exam@school=137 gets from the others (measured: in pairs)' }).waitFor()
      expect(new URL(page.url()).hash).toContain('task=exam%40school%3D137')
      await page.getByRole('radio', { name: 'What it gives' }).click()
      await page.getByRole('heading', { name: /^What exam@school=137 gives/ }).waitFor()
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(1280)
    }) // prettier-ignore
  })

  test('measuring which helps which is quoted before it can be started', async () => {
    await at('/compare/cars?tab=relations', async (page) => {
      await page.getByText('5,000 fits, about 1 min 30 s with 2 workers.').waitFor()
      await page.getByRole('button', { name: 'Measure: 5,000 fits' }).waitFor()
    })
  })

  test('which units serve which task', async () => {
    await at('/brain/cars-hard-sharing-all', async (page) => {
      await page.getByRole('button', { name: 'Which units serve which task' }).click()
      await page.getByRole('heading', { name: 'What each task loses without each unit' }).waitFor()
      await page.locator('.service .scroller').waitFor()
      expect(await faultsOf(page)).toEqual([])
    })
  })

  test('results that differ in their data are not ranked, and the field is named', async () => {
    await at('/compare/cars?with=school', async (page) => {
      await page.getByRole('heading', { name: /must not be ranked.*data differs/ }).waitFor()
    })
  })

  test('a Chinese chart carries its font in SVG and PNG; CSV has the figures of the table twin', async () => {
    await at('/compare/cars', async (page) => {
      await page.locator('.scroller').waitFor()
      const svg = (await bytes(await saved(page, /SVG/))).toString('utf8')
      expect(svg).toContain('有益')
      expect(svg).toMatch(/@font-face\{font-family:'Noto Sans SC Variable'.*data:font\/woff2;base64,/)
      const png = await bytes(await saved(page, /PNG/))
      expect(png.subarray(1, 4).toString()).toBe('PNG')
      expect(png.readUInt32BE(16)).toBe(2280)
      expect(png.length).toBeGreaterThan(10_000)
      const csv = (await bytes(await saved(page, /CSV/))).toString('utf8')
      await page.getByRole('radio', { name: '表', exact: true }).click()
      const shown = await page.locator('figure table tbody tr').count()
      expect(csv.trim().split('\r\n')).toHaveLength(shown + 1)
      expect(csv).toContain('Acceleration')
    }, { language: 'zh' }) // prettier-ignore
  })

  test('the three ways on: predict new rows, see why, save the report', async () => {
    await at('/compare/cars', async (page) => {
      await page.getByRole('button', { name: 'Use it on new rows' }).click()
      await page.getByLabel('Choose a file').setInputFiles({ name: 'new.csv', mimeType: 'text/csv', buffer: Buffer.from('a\n1\n') })
      await page.getByText('40 rows predicted').waitFor()
      const [predictions] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: /Save predictions/ }).click()])
      expect(predictions.suggestedFilename()).toBe('new-predictions.csv')
      expect((await bytes(predictions)).toString()).toContain('1,18.2,15.1')
      const [report] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save the report' }).click()])
      expect((await bytes(report)).toString()).toContain('<title>Report</title>')
      await page.getByRole('button', { name: 'See why' }).click()
      await page.locator('.walker').waitFor()
      expect(page.url()).toContain('/brain/cars-hard-sharing-all')
      // And away again: no view keeps the person.
      await page.evaluate(() => (location.hash = '#/learn'))
      await page.getByText(/Step \d+ of 35/).waitFor()
    }) // prettier-ignore
  })

  test('brain: the table has the weights that are drawn; Enter silences, Ctrl+Z gives back', async () => {
    await at('/brain/cars-hard-sharing-all', async (page) => {
      await page.locator('.walker').focus()
      for (const key of ['ArrowRight', 'ArrowDown', 'Enter']) await page.keyboard.press(key)
      await page.getByRole('heading', { name: 'Without Trunk 1' }).waitFor()
      expect(await page.getByText('% worse').count()).toBe(2)
      const shown = Number(await page.locator('[data-shown]').getAttribute('data-shown'))
      expect(shown).toBeLessThan(140)
      await page.keyboard.press('Control+z')
      await page.locator('[data-shown="140"]').waitFor()
      await page.getByRole('radio', { name: 'Table' }).click()
      const table = page.getByRole('table', { name: 'The weights that are drawn' })
      expect(await table.getAttribute('aria-rowcount')).toBe('141')
      const cells = await table.locator('[data-weight]').evaluateAll((nodes) => nodes.map((node) => Math.abs(Number((node as HTMLElement).dataset.weight)))) // prettier-ignore
      expect(cells.length).toBeGreaterThan(10)
      // Column by column in turn: the strongest of all stands among the first.
      expect(Math.max(...cells.slice(0, 3))).toBe(Math.max(...cells))
    })
  })

  test('lesson: axe finds nothing when every number of a round is shown', async () => {
    await at('/learn', async (page) => {
      await page.getByText(/Step \d+ of 35/).waitFor()
      for (let i = 0; i < 35; i++) await page.keyboard.press('ArrowRight')
      expect(await faultsOf(page)).toEqual([])
    })
  })

  test('lesson: steps forward and back by keyboard, a guess is answered, a weight changes the loss at once', async () => {
    await at('/learn', async (page) => {
      const progress = page.getByText(/Step \d+ of 35/)
      await progress.waitFor()
      for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowRight')
      await page.keyboard.press('ArrowLeft')
      expect(await progress.innerText()).toContain('Step 4 of 35')
      const loss = page.locator('[data-loss]')
      const before = await loss.innerText()
      await page.locator('[data-weight=v1]').fill('3')
      expect(await loss.innerText()).not.toBe(before)
      await page.getByRole('checkbox', { name: 'Guess first' }).check()
      await page.getByRole('textbox', { name: /Your guess for L/ }).fill('−0,5')
      await page.keyboard.press('Enter')
      await page.getByText(/Not this time|Close|Yes|The sign is right/).waitFor()
      expect(await progress.innerText()).toContain('Step 5 of 35')
      // The draft is kept: leaving and coming back changes nothing.
      await page
        .getByRole('link', { name: 'Data' })
        .or(page.getByRole('button', { name: 'Data' }))
        .first()
        .click()
      await page.goBack()
      await progress.waitFor()
      expect(await progress.innerText()).toContain('Step 5 of 35')
      expect(await page.locator('[data-weight=v1]').inputValue()).toBe('3')
    })
  })
})
