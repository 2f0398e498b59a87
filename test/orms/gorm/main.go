// Command gorm reads authors and their books with GORM, in the way that its argument names.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sync/errgroup"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// Author has books.
type Author struct {
	ID    int32
	Name  string
	Books []Book
}

// Book has an author.
type Book struct {
	ID       int32
	AuthorID int32
	Author   Author
	Title    string
}

func main() {
	n, err := run(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(n)
}

func run(way string) (int, error) {
	config := gorm.Config{Logger: logger.Discard} // the default prints slow statements, where the program prints its result
	db, err := gorm.Open(postgres.Open(os.Getenv("DATABASE_URL")), &config)
	if err != nil {
		return 0, err
	}
	pool, err := db.DB()
	if err != nil {
		return 0, err
	}
	defer pool.Close() //nolint:errcheck // all has been read
	pool.SetMaxOpenConns(5)
	pool.SetMaxIdleConns(5)
	ways := map[string]func(*gorm.DB) (int, error){
		"lazy": lazy, "lazy-pool": lazyPool, "eager": eager, "eager-pool": eagerPool, "eager-join": eagerJoin,
		"pages": pages, "factory": factory,
	}
	return ways[way](db)
}

func lazy(db *gorm.DB) (n int, err error) {
	var authors []Author
	if err := db.Find(&authors).Error; err != nil {
		return 0, err
	}
	for _, author := range authors {
		if err := db.Model(&author).Association("Books").Find(&author.Books); err != nil {
			return 0, err
		}
		n += len(author.Books)
	}
	return n, nil
}

func lazyPool(db *gorm.DB) (int, error) {
	var authors []Author
	if err := db.Find(&authors).Error; err != nil {
		return 0, err
	}
	return sideBySide(authors, func(author Author) (int, error) {
		err := db.Model(&author).Association("Books").Find(&author.Books)
		return len(author.Books), err
	})
}

func eager(db *gorm.DB) (int, error) {
	var authors []Author
	err := db.Preload("Books").Find(&authors).Error
	n := 0
	for _, author := range authors {
		n += len(author.Books)
	}
	return n, err
}

// eagerPool loads five parts of the authors, each with their books.
func eagerPool(db *gorm.DB) (int, error) {
	var ids []int32
	if err := db.Model(&Author{}).Order("id").Pluck("id", &ids).Error; err != nil {
		return 0, err
	}
	var parts [][]int32
	for n := 0; n < len(ids); n += 6 {
		parts = append(parts, ids[n:n+6])
	}
	return sideBySide(parts, func(part []int32) (int, error) {
		return eager(db.Where("id BETWEEN ? AND ?", part[0], part[5]))
	})
}

func eagerJoin(db *gorm.DB) (int, error) {
	var books []Book
	err := db.Joins("Author").Find(&books).Error
	return len(books), err
}

// pages reads the books in pages, each of which begins where the one before has ended.
func pages(db *gorm.DB) (n int, err error) {
	var page []Book
	err = db.FindInBatches(&page, 5, func(*gorm.DB, int) error {
		n += len(page)
		return nil
	}).Error
	return n, err
}

// errDone rolls back what factory has made.
var errDone = errors.New("all made")

// factory makes authors, one by one, as factories of tests do.
func factory(db *gorm.DB) (n int, err error) {
	err = db.Transaction(func(db *gorm.DB) error {
		for n < 30 {
			n++
			if err := db.Create(&Author{ID: int32(n), Name: fmt.Sprint("author ", n)}).Error; err != nil {
				return err
			}
		}
		return errDone
	})
	if errors.Is(err, errDone) {
		return n, nil
	}
	return 0, err
}

// sideBySide returns the sum of what work returns for all parts.
func sideBySide[T any](parts []T, work func(T) (int, error)) (sum int, err error) {
	counts := make([]int, len(parts))
	group, _ := errgroup.WithContext(context.Background())
	for i, part := range parts {
		group.Go(func() (err error) {
			counts[i], err = work(part)
			return err
		})
	}
	err = group.Wait()
	for _, n := range counts {
		sum += n
	}
	return sum, err
}
