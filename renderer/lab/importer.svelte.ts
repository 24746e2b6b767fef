import type { FileRef, Params, Result } from '../../core/contract.ts'
import type { ReadOptions } from '../../core/data/reading.ts'
import { toErrorJson } from '../../core/errors.ts'
import type { UserErrorJson } from '../../core/errors.ts'
import { latest } from './latest.ts'
import type { LabStore } from './store.svelte.ts'

export type Preview = Result<'data.preview'>
/** Files of the browser, or paths that the desktop's menu named. */
export type Given = File[] | string[]

/** Where files are handed over first, as in a browser: the share of the bar that it takes. */
const SENDING = 0.15

/** One import at a time: hand the files over, look at their first lines, read them whole. Each part can be cancelled. */
export class Importer {
  private readonly lab: LabStore
  private abort: AbortController | null = null
  private readonly looks = latest()
  private job = $state('')
  private files: FileRef[] = []
  /** Files of data sets opened in this window: they can be read again in another way. */
  private readonly sources = new Map<string, FileRef[]>()

  names = $state.raw<string[]>([])
  state = $state<'idle' | 'sending' | 'reading' | 'failed'>('idle')
  sent = $state(0)
  preview = $state.raw<Preview | null>(null)
  error = $state.raw<UserErrorJson | null>(null)

  readonly busy = $derived(this.state === 'sending' || this.state === 'reading')

  constructor(lab: LabStore) {
    this.lab = lab
  }

  /** Resolves to the hash of the data set, or null where it failed or was cancelled. */
  async open(given: Given): Promise<string | null> {
    this.cancel()
    const abort = new AbortController()
    this.abort = abort
    this.names = given.map((file) => (typeof file === 'string' ? (file.split(/[\\/]/).at(-1) as string) : file.name))
    this.preview = null
    this.error = null
    this.sent = 0
    this.state = 'sending'
    try {
      const sent = new Array<number>(given.length).fill(0)
      this.files = await Promise.all(
        given.map((file, i) =>
          typeof file === 'string'
            ? { path: file }
            : this.lab.host.fileRef(
                file,
                (share) => {
                  sent[i] = share
                  this.sent = sent.reduce((a, b) => a + b, 0) / sent.length
                },
                abort.signal,
              ),
        ),
      )
    } catch (error) {
      return this.failed(abort, error)
    }
    return abort.signal.aborted ? null : this.read()
  }

  /** Reads the files just given; `read` holds what the person chose. */
  async read(read?: ReadOptions): Promise<string | null> {
    const abort = this.abort?.signal.aborted === false ? this.abort : new AbortController()
    this.abort = abort
    const files = this.files
    const job = `import-${performance.now().toFixed(0)}-${files.length}`
    this.job = job
    this.error = null
    this.state = 'reading'
    try {
      void this.look(files, read, abort)
      const dataset = await this.lab.call('data.open', { files, job, ...(read ? { read } : {}) })
      if (abort.signal.aborted) return null
      this.lab.keepDataset(dataset)
      this.sources.set(dataset.hash, files)
      for (const file of files) if ('path' in file) this.lab.host.bridge?.report({ opened: file.path })
      // First the place, then the end: in between the start page would flash up.
      this.lab.place.go('data', dataset.hash)
      this.state = 'idle'
      return dataset.hash
    } catch (error) {
      return this.failed(abort, error)
    } finally {
      this.lab.imports.delete(job)
    }
  }

  /** The first lines of an opened data set's files, read in this way; null where its files are not at hand. */
  async previewOf(hash: string, read?: ReadOptions): Promise<Preview | null> {
    const files = this.sources.get(hash)
    return files ? this.lab.call('data.preview', withRead(files, read)) : null
  }

  hasSource(hash: string): boolean {
    return this.sources.has(hash)
  }

  /** Reads an opened data set's files again, in another way. */
  async readAgain(hash: string, read: ReadOptions): Promise<string | null> {
    this.cancel()
    this.files = this.sources.get(hash) ?? []
    this.names = [this.lab.dataset(hash)?.name ?? '']
    this.sent = 0
    return this.read(read)
  }

  /** What the person changed while the import had failed: look again. */
  async lookAgain(read: ReadOptions): Promise<void> {
    const stillAsked = this.looks()
    const preview = await this.lab.call('data.preview', withRead(this.files, read))
    if (stillAsked()) this.preview = preview
  }

  cancel() {
    if (!this.abort || !this.busy) return
    this.abort.abort()
    if (this.state === 'reading') this.lab.tell('data.cancel', { job: this.job })
    this.state = 'idle'
  }

  clear() {
    this.cancel()
    this.state = 'idle'
    this.error = null
    this.preview = null
  }

  readonly progress = $derived.by(() => {
    const handed = SENDING * this.sent
    if (this.state === 'sending') return handed
    const known = this.lab.imports.get(this.job)
    return handed + (1 - handed) * (known?.of ? known.done / known.of : 0)
  })

  /** What the lab is doing, as it says it. */
  readonly phase = $derived.by(() =>
    this.state === 'sending' ? 'sending' : (this.lab.imports.get(this.job)?.phase ?? 'reading'),
  )

  private async look(files: FileRef[], read: ReadOptions | undefined, abort: AbortController) {
    try {
      const preview = await this.lab.call('data.preview', withRead(files, read))
      if (!abort.signal.aborted) this.preview = preview
    } catch {
      // The import itself says what is wrong with the file.
    }
  }

  private failed(abort: AbortController, error: unknown): null {
    if (abort.signal.aborted) return null
    this.error = toErrorJson(error)
    this.state = 'failed'
    return null
  }
}

const withRead = (files: FileRef[], read?: ReadOptions): Params<'data.preview'> => ({
  files,
  ...(read ? { read } : {}),
})
