// Python: numpy arrays, exceptions by status, and the base classes of python/unmask/_methods.py.

%{
#include <cstring>

namespace {

// Owner of one reference.
struct Unref {
  void operator()(PyObject* object) const { Py_DecRef(object); }
};
using Object = std::unique_ptr<PyObject, Unref>;

// `unmask._conversions.<function>(argument)`; null with a Python exception set if it fails.
template <typename... Arguments>
Object call_python(const char* function, const char* format, Arguments... arguments) {
  const Object module(PyImport_ImportModule("unmask._conversions"));
  if (module == nullptr) return nullptr;
  return Object(PyObject_CallMethod(module.get(), function, format, arguments...));
}

void raise(unmask_status status, const char* sentence) {
  const Object error = call_python("error", "is", static_cast<int>(status), sentence);
  if (error != nullptr) PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error.get())), error.get());
}

// Bytes of an array and the other way round. Arrays are contiguous.
template <typename Copy>
bool with_buffer(PyObject* array, int flags, Copy copy) {
  Py_buffer view;
  if (PyObject_GetBuffer(array, &view, flags) != 0) return false;
  copy(view.buf, static_cast<size_t>(view.len));
  PyBuffer_Release(&view);
  return true;
}

// A new numpy array of this shape; a negative number of columns: of one dimension.
template <typename T>
PyObject* new_array(const std::vector<T>& values, const char* dtype, int64_t rows, int64_t columns = -1) {
  Object array = call_python("array", "sLL", dtype, static_cast<long long>(rows), static_cast<long long>(columns));
  const auto copy = [&](void* to, size_t bytes) {
    if (bytes > 0) std::memcpy(to, values.data(), bytes);
  };
  if (array == nullptr || !with_buffer(array.get(), PyBUF_WRITABLE, copy)) return nullptr;
  return array.release();
}

PyObject* new_array(const unmask::Tokens& tokens) {
  return new_array(tokens, "int32", unmask::size_of(tokens));
}

PyObject* new_array(const unmask::Matrix& matrix) {
  return new_array(matrix.values, "float32", matrix.rows, matrix.columns);
}

PyObject* new_array(const unmask::TokenMatrix& matrix) {
  return new_array(matrix.values, "int32", matrix.rows, matrix.columns);
}

bool read_tokens(PyObject* from, unmask::Tokens& to) {
  const Object array = call_python("tokens", "(O)", from);
  return array != nullptr && with_buffer(array.get(), PyBUF_SIMPLE, [&](const void* data, size_t bytes) {
    to.resize(bytes / sizeof(int32_t));
    if (bytes > 0) std::memcpy(to.data(), data, bytes);
  });
}

}  // namespace
%}

%typemap(in) const unmask::Tokens& (unmask::Tokens tokens) {
  if (!read_tokens($input, tokens)) SWIG_fail;
  $1 = &tokens;
}
%typemap(typecheck, precedence=SWIG_TYPECHECK_INT32_ARRAY) const unmask::Tokens& "$1 = 1;"
%typemap(out) unmask::Tokens, unmask::Matrix {
  $result = new_array($1);
  if ($result == nullptr) SWIG_fail;
}
%typemap(out) unmask::Matrix*, unmask::TokenMatrix* {
  $result = new_array(*$1);
  if ($result == nullptr) SWIG_fail;
}

// Lists are tuples.
%{
namespace {

// A tuple of make(value) for each value; null with a Python exception set if one fails.
template <typename T, typename Make>
PyObject* new_tuple(const std::vector<T>& values, Make make) {
  Object tuple(PyTuple_New(static_cast<Py_ssize_t>(values.size())));
  for (size_t i = 0; tuple != nullptr && i < values.size(); ++i) {
    PyObject* const item = make(values[i]);
    if (item == nullptr || PyTuple_SetItem(tuple.get(), static_cast<Py_ssize_t>(i), item) != 0) return nullptr;
  }
  return tuple.release();
}

PyObject* new_text(const std::string& text) {
  return PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "surrogateescape");
}

}  // namespace
%}
%define %list(Type, Class)
%typemap(out) std::vector<Type> {
  $result = new_tuple<Type>($1, [](const Type& value) {
    return SWIG_NewPointerObj(new Type(value), $descriptor(Type*), SWIG_POINTER_OWN);
  });
  if ($result == nullptr) SWIG_fail;
}
%typemap(out) std::vector<Type>* {
  $result = new_tuple<Type>(*$1, [](const Type& value) {
    return SWIG_NewPointerObj(new Type(value), $descriptor(Type*), SWIG_POINTER_OWN);
  });
  if ($result == nullptr) SWIG_fail;
}
%enddef
%typemap(out) std::vector<std::string> {
  $result = new_tuple<std::string>($1, new_text);
  if ($result == nullptr) SWIG_fail;
}
%typemap(out) std::vector<std::string>* {
  $result = new_tuple<std::string>(*$1, new_text);
  if ($result == nullptr) SWIG_fail;
}

// Any iterable of sessions.
%typemap(in) const std::vector<unmask::Session*>& (std::vector<unmask::Session*> sessions, Object list) {
  list.reset(PySequence_List($input));
  if (list == nullptr) SWIG_fail;
  for (Py_ssize_t i = 0; i < PyList_Size(list.get()); ++i) {
    void* session = nullptr;
    if (!SWIG_IsOK(SWIG_ConvertPtr(PyList_GetItem(list.get(), i), &session, $descriptor(unmask::Session*), 0)))
      SWIG_exception_fail(SWIG_TypeError, "sessions must be unmask.Session objects");
    sessions.push_back(static_cast<unmask::Session*>(session));
  }
  $1 = &sessions;
}
%typemap(typecheck, precedence=SWIG_TYPECHECK_OBJECT_ARRAY) const std::vector<unmask::Session*>& "$1 = 1;"

%exception {
  try {
    $action
  } catch (const unmask::Failure& failure) {
    raise(failure.status(), failure.what());
    SWIG_fail;
  } catch (const std::bad_alloc&) {
    raise(UNMASK_OUT_OF_MEMORY, "The host is out of memory.");
    SWIG_fail;
  }
}

%feature("python:abc", "unmask._methods.DeviceMethods") unmask::Device;
%feature("python:abc", "unmask._methods.ModelMethods") unmask::Model;
%feature("python:abc", "unmask._methods.LoaderMethods") unmask::Loader;
%feature("python:abc", "unmask._methods.ConverterMethods") unmask::Converter;
%feature("python:abc", "unmask._methods.MessagesMethods") unmask::Messages;
%feature("python:abc", "unmask._methods.OptionsMethods") unmask::Options;
%feature("python:abc", "unmask._methods.SessionMethods") unmask::Session;
%feature("python:abc", "unmask._methods.DecoderMethods") unmask::Decoder;

// The calls that can wait for a device or a disk; others keep the interpreter's lock.
%nothread;
%thread unmask::devices;
%thread unmask::Device::Device;
%thread unmask::Device::measure_matmul;
%thread unmask::Device::close;
%thread unmask::Model::Model;
%thread unmask::Model::create_random;
%thread unmask::Model::logits;
%thread unmask::Model::close;
%thread unmask::Loader::Loader;
%thread unmask::Loader::step;
%thread unmask::Loader::take_model;
%thread unmask::Loader::close;
%thread unmask::Converter::Converter;
%thread unmask::Converter::step;
%thread unmask::Converter::close;
%thread unmask::Session::predict;
%thread unmask::Session::close;
%thread unmask::Decoder::Decoder;
%thread unmask::Decoder::step;
%thread unmask::Decoder::set_profiling;
%thread unmask::Decoder::get_profile;
%thread unmask::Decoder::close;

// ---- Shape of the API ---------------------------------------------------------------------------------------------

%pythonbegin %{
import unmask._methods
%}

%rename(tokens) unmask::Session::get_tokens;
%rename(statistics) unmask::Session::get_statistics;
%rename(info) unmask::Model::get_info;
%rename(profile) unmask::Decoder::get_profile;

%define %property(Class, Name)
%extend Class {
  %pythoncode %{
    Name = property(Name, doc=Name.__doc__)
  %}
}
%enddef
%property(unmask::Device, name)
%property(unmask::Device, driver)
%property(unmask::Device, closed)
%property(unmask::Model, info)
%property(unmask::Model, architecture)
%property(unmask::Model, chat_format)
%property(unmask::Model, closed)
%property(unmask::Loader, bytes_done)
%property(unmask::Loader, bytes_total)
%property(unmask::Loader, closed)
%property(unmask::Converter, bytes_done)
%property(unmask::Converter, bytes_total)
%property(unmask::Converter, notes)
%property(unmask::Converter, closed)
%property(unmask::Messages, closed)
%property(unmask::Options, closed)
%property(unmask::Session, tokens)
%property(unmask::Session, prompt_length)
%property(unmask::Session, masks_left)
%property(unmask::Session, text)
%property(unmask::Session, statistics)
%property(unmask::Session, closed)
%property(unmask::Decoder, explanation)
%property(unmask::Decoder, memory)
%property(unmask::Decoder, profile)
%property(unmask::Decoder, closed)

// Numbers that are enumerators, as such.
%define %enumerated(Class, Field, Enum)
%extend Class {
  %pythoncode %{
    Field = property(lambda self, number=Field.fget: unmask.Enum(number(self)))
  %}
}
%enddef
%enumerated(unmask_event, kind, EventKind)
%enumerated(unmask_event, reason, Reason)
%enumerated(unmask::OptionInfo, kind, OptionKind)
%enumerated(unmask::LogMessage, level, LogLevel)

%define %shown(Class)
%extend Class {
  %pythoncode %{
    __repr__ = unmask._methods.show_fields
  %}
}
%enddef
%shown(unmask_shape)
%shown(unmask_model_info)
%shown(unmask_statistics)
%shown(unmask_progress)
%shown(unmask_event)
%shown(unmask::Predictions)
%shown(unmask::LogMessage)
%shown(unmask::DeviceFeature)
%shown(unmask::DeviceInfo)
%shown(unmask::MatmulSpeed)
%shown(unmask::OptionInfo)
%shown(unmask::ProfileEntry)

%pythonprepend unmask::Model::tokenize_messages %{
    messages = unmask._methods.as_messages(messages)
%}
%pythonprepend unmask::Session::set_messages %{
    messages = unmask._methods.as_messages(messages)
%}
%pythonappend unmask::Session::Session %{
    self.model = args[0]
%}
%pythonappend unmask::strategy_drafter_use %{
    val = unmask.DrafterUse(val)
%}

// SWIG's own repr hides the one of Closing.
%define %shown_as_handle(Class)
%extend Class {
  %pythoncode %{
    __repr__ = unmask._methods.Closing.__repr__
  %}
}
%enddef
%shown_as_handle(unmask::Device)
%shown_as_handle(unmask::Model)
%shown_as_handle(unmask::Loader)
%shown_as_handle(unmask::Converter)
%shown_as_handle(unmask::Messages)
%shown_as_handle(unmask::Options)
%shown_as_handle(unmask::Session)
%shown_as_handle(unmask::Decoder)
