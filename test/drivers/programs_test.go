package drivers

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The programs are run as test/install leaves them. Compiled ones are compiled again if they have
// changed.

// folder returns the path of a driver's folder.
func folder(t *testing.T, name string) string {
	t.Helper()
	return filepath.Join(root(t), "test", "drivers", name)
}

// root returns the repository's folder.
func root(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func tools(t *testing.T) string { return filepath.Join(root(t), ".tools") }

// need skips the test if something is not installed, or fails it if nothing may be left out.
func need(t *testing.T, found bool, what string) {
	t.Helper()
	if found {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed (test/install drivers installs it)", what)
	}
	t.Skipf("left out: %s is not installed (make test, or test/install drivers, installs it)", what)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// build runs a compiler.
func build(t *testing.T, env []string, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, output)
	}
}

func goProgram(t *testing.T, name string) []string {
	program := filepath.Join(t.TempDir(), name)
	build(t, nil, "go", "build", "-o", program, "pgpi/test/drivers/"+name)
	return []string{program}
}

func nodeProgram(t *testing.T, name string) []string {
	modules := filepath.Join(tools(t), "npm", "node_modules")
	node, err := exec.LookPath("node")
	need(t, err == nil && exists(modules), "Node with the packages of test/drivers/package.json")
	return []string{"env", "NODE_PATH=" + modules, node, "--no-deprecation", filepath.Join(folder(t, name), "main.js")}
}

func pythonProgram(t *testing.T, name string) []string {
	python := filepath.Join(tools(t), "venv", "bin", "python")
	need(t, exists(python), "Python with the packages of test/drivers/requirements.txt")
	return []string{python, filepath.Join(folder(t, name), "main.py")}
}

func javaProgram(t *testing.T, name string) []string {
	jar := filepath.Join(tools(t), "java", "postgresql-"+mavenArtifact(name)(t)+".jar")
	_, err := exec.LookPath("javac")
	need(t, err == nil && exists(jar), "a JDK with pgjdbc")
	classes := t.TempDir()
	build(t, nil, "javac", "-encoding", "UTF-8", "-d", classes, "-cp", jar, filepath.Join(folder(t, name), "Main.java"))
	// One core's worth of everything: the program lives for a second.
	return []string{"java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", classes + ":" + jar, "Main"}
}

func rustProgram(t *testing.T, name string) []string {
	target := filepath.Join(tools(t), "cargo")
	_, err := exec.LookPath("cargo")
	need(t, err == nil && exists(target), "Rust with the crates of test/drivers/Cargo.toml")
	build(t, []string{"CARGO_TARGET_DIR=" + target}, "cargo", "build", "--quiet", "--offline",
		"--manifest-path", folder(t, "Cargo.toml"), "--bin", name)
	return []string{filepath.Join(target, "debug", name)}
}

// script is for languages whose drivers come from Debian. The probe is code that the interpreter
// can only run with the driver.
func script(interpreter, file string, probe ...string) func(*testing.T, string) []string {
	return func(t *testing.T, name string) []string {
		need(t, exec.Command(interpreter, probe...).Run() == nil, interpreter+" with "+name)
		return []string{interpreter, filepath.Join(folder(t, name), file)}
	}
}
