import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { faultsOf } from './axe.ts'
import { CHROMIUM, buildPage, launch, openWindow } from './window.ts'
import type { OpenOptions, Opened } from './window.ts'

/**
 * The window's Data and Experiment views as a person uses them: the built page under its content policy, in real
 * Chromium, over a lab in memory.
 */
if (!CHROMIUM) console.warn('test/renderer/window.test.ts is skipped: no Chromium (set ENGRAM_CHROMIUM).')

describe.skipIf(!CHROMIUM)('the window', () => {
  const folder = mkdtempSync(join(tmpdir(), 'engram-window-'))
  let browser: Browser

  beforeAll(async () => {
    buildPage(join(folder, 'page'))
    browser = await launch()
  })
  afterAll(async () => {
    await browser?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Opens a window and afterwards asks that nothing broke the policy and nothing was thrown. */
  async function inWindow(options: OpenOptions, use: (opened: Opened) => Promise<void>) {
    const opened = await openWindow(browser, join(folder, 'page'), options)
    opened.page.setDefaultTimeout(15_000)
    try {
      await use(opened)
      expect(opened.violations).toEqual([])
      expect(opened.errors).toEqual([])
    } finally {
      await opened.close()
    }
  }

  const accessible = async (page: Page) => expect(await faultsOf(page)).toEqual([])
  /** As long as a slow machine needs. */
  const until = <T>(get: () => T) => expect.poll(get, { timeout: 20_000 })
  const openSample = async (page: Page) => {
    await page.locator('button.card').first().click()
    await page.getByRole('grid').waitFor()
  }
  const csv = (name: string, text: string) => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }

  test('from a sample to the running experiment in two clicks, everything filled in', async () => {
    await inWindow({ pace: 2 }, async ({ page, lab }) => {
      await openSample(page)
      await page.getByRole('button', { name: 'Set up the experiment' }).click()
      await page.getByText('24 trials').waitFor()
      await page.getByRole('button', { name: 'Run', exact: true }).click()
      await page.getByRole('button', { name: /verdict/ }).waitFor()
      const run = lab.calls.find(({ call }) => call === 'experiment.run')!.params as { spec: { data: object } }
      expect(run.spec.data).toMatchObject({
        hash: 'hash-of-cars',
        roles: { targets: ['Acceleration'], task: 'Origin' },
      })
      // Every trial has its cell, named for screen readers, and fills as it runs.
      await until(() => page.locator('table button.done').count()).toBe(24)
      expect(await page.getByRole('button', { name: 'Ridge, fold 2: done' }).count()).toBe(1)
      expect(page.url()).toContain('#/experiment/e1')
    })
  })

  test('roles in bulk by keyboard, undone and done again', async () => {
    await inWindow({}, async ({ page, lab }) => {
      await openSample(page)
      const targets = () => {
        const last = lab.calls.findLast(({ call }) => call === 'data.setRoles')
        return (last?.params as { roles: { targets: string[] } }).roles.targets
      }
      await page.getByRole('grid').focus()
      for (const key of ['ArrowDown', 'ArrowDown', 'Shift+ArrowDown', 'Shift+ArrowDown', 't'])
        await page.keyboard.press(key)
      await until(targets).toEqual(['Miles_per_Gallon', 'Cylinders', 'Displacement', 'Acceleration'])
      await page.keyboard.press('Control+z')
      await page.getByText('Undone: roles of 3 columns').waitFor()
      expect(await page.getByRole('button', { name: 'Cylinders' }).count()).toBe(0)
      await page.keyboard.press('Control+Shift+Z')
      await page.getByText('Done again: roles of 3 columns').waitFor()
      await until(targets).toEqual(['Miles_per_Gallon', 'Cylinders', 'Displacement', 'Acceleration'])
    })
  })

  test('a dropped file is sent whole, with its Chinese name, and can be read in another way', async () => {
    await inWindow({}, async ({ page, lab }) => {
      const path = csv(
        '产量 表.csv',
        'site;x;产量\n' + Array.from({ length: 60 }, (_, i) => `S${i % 3};${i};${i / 7}`).join('\n'),
      )
      await page.locator('input[type=file]').setInputFiles(path)
      await page.getByRole('grid').waitFor()
      expect(await page.getByRole('heading', { level: 1 }).textContent()).toContain('产量 表.csv')
      expect(await page.getByText('60 rows, 3 columns').count()).toBe(1)
      await page.getByRole('button', { name: 'How it was read' }).click()
      await page.getByLabel(/Between cells/).click()
      await page.getByRole('option', { name: 'comma' }).click()
      await page.getByRole('columnheader', { name: 'site;x;产量' }).waitFor()
      await page.getByRole('button', { name: 'Read it this way' }).click()
      await page.getByText('60 rows, 1 column').waitFor()
      expect(lab.calls.findLast(({ call }) => call === 'data.open')!.params).toMatchObject({ read: { delimiter: ',' } })
    })
  })

  test('an import shows how far it is, and can be cancelled', async () => {
    await inWindow({ importTime: 20_000 }, async ({ page, lab }) => {
      await page.locator('input[type=file]').setInputFiles(csv('long.csv', 'a,b\n1,2\n3,4\n'))
      await page.getByRole('progressbar').waitFor()
      await until(() => page.getByText(/^[1-9]\d* %$/).count()).toBe(1)
      await page.getByRole('button', { name: 'Cancel' }).click()
      await page.getByRole('heading', { name: 'Drop a table here' }).waitFor()
      expect(lab.calls.filter(({ call }) => call === 'data.cancel').length).toBe(1)
    })
  })

  test('a bad file is answered with who, rule, got and remedy', async () => {
    await inWindow({}, async ({ page }) => {
      await page.locator('input[type=file]').setInputFiles(csv('empty.csv', ''))
      const card = page.getByRole('alert')
      await card.waitFor()
      const text = await card.textContent()
      for (const part of [
        'empty.csv',
        'A file must hold at least one row.',
        'Found: a file of 0 bytes',
        'Choose the file',
      ])
        expect(text).toContain(part)
    })
  })

  test('a wrong number is said, kept out of the spec, and keeps Run back', async () => {
    await inWindow({}, async ({ page, lab }) => {
      await openSample(page)
      await page.getByRole('button', { name: 'Set up the experiment' }).click()
      const folds = page.getByLabel('Folds', { exact: true }).last()
      await folds.fill('1')
      await page.getByText('At least 2.').waitFor()
      await page.keyboard.press('Control+Enter')
      expect(lab.calls.some(({ call }) => call === 'experiment.run')).toBe(false)
      await folds.fill('3')
      await page.getByText('16 trials').waitFor()
      // What was typed is saved, and comes back.
      await until(() => lab.calls.some(({ call }) => call === 'draft.set')).toBe(true)
      await page.reload()
      await page.getByText('16 trials').waitFor()
    })
  })

  test('the spec as JSON: a mistake is said, a valid one takes effect', async () => {
    await inWindow({}, async ({ page }) => {
      await openSample(page)
      await page.getByRole('button', { name: 'Set up the experiment' }).click()
      await page.getByRole('button', { name: 'As JSON' }).click()
      const area = page.getByRole('textbox', { name: 'As JSON' })
      const spec = JSON.parse(await area.inputValue())
      await area.fill(JSON.stringify({ ...spec, evaluation: { folds: 1 } }))
      await page.getByText(/^evaluation\.folds: /).waitFor()
      await area.fill(JSON.stringify({ ...spec, evaluation: { folds: 4 } }))
      await page.getByText('20 trials').waitFor()
    })
  })

  test('Enter that ends a Chinese composition neither renames nor runs anything', async () => {
    await inWindow({ language: 'zh' }, async ({ page, lab }) => {
      await openSample(page)
      const name = page.getByRole('textbox', { name: '数据集名称' })
      await name.focus()
      const press = (init: { isComposing?: boolean; keyCode?: number; ctrlKey?: boolean }) =>
        name.evaluate(
          (node, options) =>
            node.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, ...options })),
          init,
        )
      await name.fill('汽车 shuju')
      await press({ isComposing: true })
      await press({ keyCode: 229 })
      await press({ isComposing: true, ctrlKey: true })
      expect(await name.evaluate((node) => document.activeElement === node)).toBe(true)
      // Opening a sample in Chinese gives it its Chinese name; what counts is the one that was typed.
      const typed = () =>
        lab.calls.some(({ call, params }) => call === 'data.rename' && JSON.stringify(params).includes('汽车 shuju'))
      expect(typed()).toBe(false)
      await page.keyboard.press('Enter')
      await until(typed).toBe(true)
    })
  })

  test('pause, resume and stop from the queue; the bin gives back', async () => {
    await inWindow({ pace: 20 }, async ({ page, lab }) => {
      await openSample(page)
      await page.getByRole('button', { name: 'Set up the experiment' }).click()
      await page.getByText('24 trials').waitFor()
      await page.keyboard.press('Control+Enter')
      const queue = page.getByRole('contentinfo')
      await queue.getByRole('button', { name: /^Pause/ }).click()
      await queue.getByRole('button', { name: /^Resume/ }).click()
      await queue.getByRole('button', { name: /^Stop/ }).click()
      await queue.getByText('Nothing is running').waitFor()
      expect(lab.calls.filter(({ call }) => call.startsWith('queue.')).map(({ call }) => call)).toEqual([
        'queue.pause',
        'queue.resume',
        'queue.stop',
      ])
      await page.getByRole('button', { name: 'Move to the bin' }).click()
      await page.getByText('No experiment yet').waitFor()
      await queue.getByRole('button', { name: /^Bin/ }).click()
      await page.getByRole('button', { name: 'Restore' }).click()
      await page.getByRole('heading', { name: 'Experiments' }).waitFor()
    })
  })

  test('memory: what the lab takes of its bound, and each worker', async () => {
    await inWindow({}, async ({ page }) => {
      await page.locator('button.card').first().waitFor()
      await page.getByRole('contentinfo').getByRole('button', { name: 'Memory' }).click()
      const panel = page.getByRole('region', { name: 'Memory' })
      await panel.getByText('The lab takes 700 MiB of the 4 GiB that it may take.').waitFor()
      expect(await panel.getByRole('row').allTextContents()).toEqual([
        expect.stringContaining('Worker'),
        expect.stringMatching(/1\s*49 MiB\s*4/),
        expect.stringMatching(/2\s*58 MiB\s*4/),
      ])
      await accessible(page)
      await panel.getByRole('button', { name: 'Close' }).click()
      await panel.waitFor({ state: 'detached' })
    })
  })

  test('the lab goes away and comes back: the window says so, and reads what it missed', async () => {
    await inWindow({ pace: 25 }, async ({ page, loseLab, errors }) => {
      await openSample(page)
      await page.getByRole('button', { name: 'Set up the experiment' }).click()
      await page.getByText('24 trials').waitFor()
      await page.keyboard.press('Control+Enter')
      await page
        .getByText(/^[1-9] of 24 trials/)
        .first()
        .waitFor()
      const bringBack = await loseLab()
      const banner = page.getByText('The lab does not answer.')
      await banner.waitFor()
      await bringBack()
      await banner.waitFor({ state: 'detached' })
      await until(() => page.locator('table button.done').count()).toBe(24)
      await page.locator('table button.done').first().click()
      await page
        .getByRole('button', { name: 'Table', exact: true })
        .or(page.getByRole('radio', { name: 'Table' }))
        .click()
      // Twenty steps and the head: none was lost.
      await until(() => page.locator('figure table tr').count()).toBe(21)
      // The browser itself reports the refused attempts.
      errors.splice(0, errors.length, ...errors.filter((text) => !/WebSocket/.test(text)))
    })
  })

  test('the palette finds by words and is used by keyboard alone', async () => {
    await inWindow({}, async ({ page }) => {
      await page.keyboard.press('Control+k')
      await page.getByRole('combobox').fill('go exp')
      await page.keyboard.press('Enter')
      await page.getByText('No experiment yet').waitFor()
      await page.keyboard.press('Control+k')
      await page.getByRole('combobox').fill('light and dark')
      await page.keyboard.press('Enter')
      await until(() => page.locator('html').getAttribute('data-theme')).toBe('dark')
    })
  })

  test('a thousand columns: searched and scrolled without a long task', { retry: 2 }, async () => {
    await inWindow({}, async ({ page }) => {
      const names = Array.from({ length: 1000 }, (_, i) => `gene_${i}`)
      const rows = Array.from({ length: 30 }, (_, r) => names.map((_, c) => ((r * 7 + c * 13) % 101) / 10).join(','))
      await page.locator('input[type=file]').setInputFiles(csv('wide.csv', [names.join(','), ...rows].join('\n')))
      await page.getByRole('grid').waitFor()
      expect(await page.getByRole('row').count()).toBeLessThan(60)
      await page.evaluate(() => {
        const seen: number[] = ((window as unknown as { longTasks: number[] }).longTasks = [])
        new PerformanceObserver((list) => seen.push(...list.getEntries().map((entry) => entry.duration))).observe({
          type: 'longtask',
        })
      })
      await page.getByRole('grid').focus()
      for (let i = 0; i < 12; i++) await page.keyboard.press('PageDown')
      await page.getByRole('searchbox').fill('gene_88')
      await page.getByText('11 of 1,000 columns').waitFor()
      await page.getByRole('checkbox', { name: 'Select all shown' }).check()
      await page.getByRole('toolbar').getByRole('button', { name: 'ignore' }).click()
      await page.getByText('988 features').waitFor()
      const long = await page.evaluate(() => (window as unknown as { longTasks: number[] }).longTasks)
      expect(Math.max(0, ...long)).toBeLessThan(200)
    })
  })

  test.each([
    ['light', 'en'],
    ['dark', 'zh'],
  ] as const)('axe finds nothing to mend: %s, %s', async (theme, language) => {
    await inWindow({ theme, language, pace: 15 }, async ({ page }) => {
      await page.locator('button.card').first().waitFor()
      await accessible(page)
      await openSample(page)
      await page.getByRole('grid').focus()
      for (const key of ['ArrowDown', 'ArrowDown', ' ']) await page.keyboard.press(key)
      await accessible(page)
      await page.keyboard.press('Control+Enter')
      await page.getByRole('button', { name: /^(Run|运行)$/ }).waitFor()
      await page.locator('summary').nth(1).click()
      await page.getByRole('button', { name: /As JSON|JSON 形式/ }).click()
      await accessible(page)
      await page.getByRole('button', { name: /^(Run|运行)$/ }).click()
      await page.locator('table button').first().click()
      await accessible(page)
      await page.keyboard.press('F1')
      await accessible(page)
      await page.keyboard.press('Control+k')
      await page.getByRole('combobox').waitFor()
      await accessible(page)
    })
  })
})
