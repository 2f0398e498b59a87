package launch

const onWindows = true

// platformSocketDirs is empty: on Windows libpq's default is localhost.
var platformSocketDirs []string
