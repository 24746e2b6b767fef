import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCommandLine } from './cli/program.ts'
import { endCleanly } from './ending.ts'
import { openLab } from './openLab.ts'
import { ROOT } from './places.ts'

/** `engram ARGS`: the same lab on the command line. */
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }

// Output that is piped into a program which has ended (`| head`) is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

process.exitCode = await runCommandLine(process.argv.slice(2), {
  async make(options) {
    const lab = await openLab(options)
    endCleanly(() => lab.close())
    return lab
  },
  version,
  streams: {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    tty: process.stderr.isTTY === true,
  },
})
