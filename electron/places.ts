import { existsSync } from 'node:fs'
import { mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UserError } from '../core/errors.ts'

/** Where things are, from the sources (electron/) and from the bundle (out/main/) alike. */
export const FROM_SOURCE = import.meta.url.endsWith('.ts')

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** The project's folder, or the archive's. */
export const ROOT = FROM_SOURCE ? here('..') : here('../..')

/** The folder of the built page. */
export function pageFolder(): string {
  const folder = join(ROOT, 'out', 'renderer')
  if (existsSync(join(folder, 'index.html'))) return folder
  throw new UserError({
    code: 'page-not-built',
    who: 'engram serve',
    rule: 'needs the built page.',
    got: `no page in ${folder}`,
    remedy: 'Run `npm run build:renderer`, or `npm start`, which builds it.',
  })
}

/** The workspace that opens when none is named: one file in the person's own folder. */
export function defaultWorkspace(): string {
  const folder = join(homedir(), 'Engram')
  mkdirSync(folder, { recursive: true })
  return join(folder, 'My lab.engram')
}
