# Reads authors and their books with ActiveRecord, in the way that the argument names.

require "active_record"

ActiveRecord::Base.establish_connection(ENV.fetch("DATABASE_URL") + "?pool=5")

class Author < ActiveRecord::Base
  has_many :books
end

class Book < ActiveRecord::Base
  belongs_to :author
end

def count(authors) = authors.sum { |author| author.books.to_a.size }

# Works in five threads, each with a connection of the pool.
def side_by_side(parts)
  queue = Queue.new(parts)
  queue.close
  threads = 5.times.map do
    Thread.new do
      ActiveRecord::Base.connection_pool.with_connection do
        sum = 0
        while (part = queue.pop)
          sum += yield part
        end
        sum
      end
    end
  end
  threads.sum(&:value)
end

def lazy = count(Author.all)

def lazy_pool
  authors = ActiveRecord::Base.connection_pool.with_connection { Author.all.to_a }
  side_by_side(authors) { |author| author.books.to_a.size }
end

def eager(authors = Author.all) = count(authors.includes(:books))

def eager_join = count(Author.eager_load(:books))

# Loads five parts of the authors, each with their books.
def eager_pool
  parts = ActiveRecord::Base.connection_pool.with_connection { Author.order(:id).ids.each_slice(6).to_a }
  side_by_side(parts) { |part| eager(Author.where(id: part.first..part.last)) }
end

# Reads the books in pages, each of which begins where the one before has ended.
def pages = Book.find_each(batch_size: 5).to_a.size

# Makes authors, one by one, as factories of tests do.
def factory
  Author.transaction do
    30.times { |n| Author.create!(id: n + 1, name: "author #{n + 1}") }
    raise ActiveRecord::Rollback
  end
  30
end

puts send(ARGV.first.tr("-", "_"))
