package orms

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"pgpi/test/servers"
)

// The programs are run as test/install leaves them. Compiled ones are compiled again if they have
// changed.

// path returns where a file of this folder is.
func path(t *testing.T, elements ...string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(elements...))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// need skips the test if something is not installed, or fails it if nothing may be left out.
func need(t *testing.T, found bool, what string) {
	t.Helper()
	if !found {
		servers.Missing(t, "orms", what+" is not installed")
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// build runs a compiler in a folder.
func build(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, output)
	}
}

func pythonProgram(t *testing.T, name string) []string {
	python := filepath.Join(servers.Tools(t), "venv", "bin", "python")
	need(t, exists(python), "Python with the packages of test/orms/requirements.txt")
	return []string{python, path(t, name, "main.py")}
}

// goProgram builds a program that is a module of its own, so that pgpi's has nothing of the ORM.
func goProgram(t *testing.T, name string) []string {
	program := filepath.Join(t.TempDir(), name)
	build(t, name, "go", "build", "-o", program, ".")
	return []string{program}
}

func javaProgram(t *testing.T, name string) []string {
	driver := locked("../drivers/pgjdbc/artifact", "org.postgresql:postgresql:%s")(t)
	jars := filepath.Join(servers.Tools(t), name)
	jar := filepath.Join(servers.Tools(t), "java", "postgresql-"+driver+".jar")
	_, err := exec.LookPath("javac")
	need(t, err == nil && exists(jar) && exists(jars), "a JDK with pgjdbc and what test/orms/hibernate/pom.xml names")
	classes := t.TempDir()
	path := strings.Join([]string{classes, jar, filepath.Join(jars, "*")}, ":")
	build(t, name, "javac", "-encoding", "UTF-8", "-proc:none", "-d", classes, "-cp", path, "Main.java")
	// One core's worth of everything: the program lives for seconds.
	return []string{"java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", path, "Main"}
}

func rubyProgram(t *testing.T, name string) []string {
	need(t, exec.Command("ruby", "-rpg", "-ractive_record", "-e0").Run() == nil, "Ruby with pg and ActiveRecord")
	return []string{"ruby", path(t, name, "main.rb")}
}

// nodeProgram is a file of the folder node. Node finds packages that are elsewhere by NODE_PATH.
func nodeProgram(t *testing.T, name string) []string {
	modules := filepath.Join(servers.Tools(t), "npm-orms", "node_modules")
	node, err := exec.LookPath("node")
	need(t, err == nil && exists(filepath.Join(modules, ".prisma")), "Node with the packages of test/orms/node/package.json")
	return []string{"env", "NODE_PATH=" + modules, node, path(t, "node", name+".js")}
}

// npmPackage finds the version of a package for Node.
func npmPackage(name string) func(*testing.T) string {
	return func(t *testing.T) string {
		t.Helper()
		text, err := os.ReadFile("node/package-lock.json")
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), `"resolved"`) {
			t.Error("package-lock.json names a registry's host: make it with --omit-lockfile-registry-resolved")
		}
		var lock struct {
			Packages map[string]struct{ Version string }
		}
		if err := json.Unmarshal(text, &lock); err != nil {
			t.Fatal(err)
		}
		return lock.Packages["node_modules/"+name].Version
	}
}

// locked finds a version in a file, at the place of %s in a line.
func locked(file, line string) func(*testing.T) string {
	return func(t *testing.T) string {
		t.Helper()
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		expression := strings.ReplaceAll(regexp.QuoteMeta(line), "%s", `([^\s"<]+)`)
		match := regexp.MustCompile(expression).FindSubmatch(text)
		if match == nil {
			t.Fatalf("%s has nothing like %s", file, fmt.Sprintf(line, "VERSION"))
		}
		return string(match[1])
	}
}
