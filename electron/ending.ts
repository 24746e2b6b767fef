/**
 * A process that ends while a thread runs native code is aborted. So an error that nobody caught is said, the lab is
 * closed (which stops its trials at their next safe point and waits for them), and only then does the process end.
 */
export function endCleanly(close: () => Promise<void>): void {
  let ending = false
  const end = (error: unknown) => {
    console.error(error instanceof Error ? (error.stack ?? error.message) : error)
    if (ending) return
    ending = true
    const exit = () => process.exit(1)
    close().then(exit, exit)
  }
  process.on('uncaughtException', end)
  process.on('unhandledRejection', end)
}
