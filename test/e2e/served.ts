import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Lab } from '../../core/contract.ts'
import { createLab } from '../../electron/lab/service.ts'
import { pageFiles } from '../../electron/pageFiles.ts'
import { startWebServer } from '../../electron/web/server.ts'
import { createUploads } from '../../electron/web/uploads.ts'
import { buildPage } from '../renderer/window.ts'

export type Served = { url: string; lab: Lab; folder: string; stop(): Promise<void> }

/** The real lab behind the browser host, with a page and a workspace of its own: what `engram serve` starts. */
export async function serve(workspace?: string): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), 'engram-e2e-'))
  const page = join(folder, 'page')
  buildPage(page)
  const uploads = await createUploads()
  const lab = await createLab({
    workspacePath: workspace ?? join(folder, 'lab.engram'),
    host: 'browser',
    workers: 2,
    uploads: (id) => uploads.pathOf(id),
  })
  const server = await startWebServer({ lab, files: pageFiles(page), uploads })
  return {
    url: server.url,
    lab,
    folder,
    async stop() {
      await server.close()
      await lab.close()
      await uploads.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
